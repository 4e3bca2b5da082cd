"""What every application compiles anew and tests need but once a process: rules and templates.

Each test has an application of its own. Werkzeug compiles two functions for each of its rules, and
Jinja each template that a page is made of: several times the cost of all else in most tests. Both
depend on nothing but a text that is the same in every application. Flask is told by class
attributes, which are its own way to choose.
"""

from __future__ import annotations

from copy import copy
from types import CodeType, MethodType
from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

# What `Rule.compile` sets; the arguments are the converters' names and those of the defaults.
COMPILED = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")


class SharingRule(Rule):
    """A rule that takes what its text means from an equal one of an earlier application.

    That is: the parts that requests are matched with, and the functions that build URLs.
    """

    _compiled: ClassVar[dict[object, dict[str, Any]]] = {}

    def compile(self) -> None:
        assert self.map is not None
        key = (
            *(self.rule, self.subdomain, self.host, tuple((self.defaults or {}).items())),
            *(self.merge_slashes, self.strict_slashes, self.map.host_matching, self.websocket),
            tuple(self.map.converters.items()),
        )
        if key not in self._compiled:
            super().compile()
            self._compiled[key] = {name: getattr(self, name) for name in COMPILED}
        for name, value in self._compiled[key].items():
            bound = isinstance(value, MethodType)  # to the earlier rule, whose converters it asks
            setattr(self, name, MethodType(value.__func__, self) if bound else copy(value))


class SharedTemplates(BytecodeCache):
    """Keeps the code of each template; a bucket's checksum is of the template's text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


def share_compiled() -> None:
    """For every application of this process from now on."""
    Flask.url_rule_class = SharingRule
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": SharedTemplates()}
