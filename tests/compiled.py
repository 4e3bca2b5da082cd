"""What every application compiles anew and tests need but once a process: rules and templates.

Each test has an application of its own. Werkzeug compiles two functions for each of its rules, and
Jinja each template that a page is made of: several times the cost of all else in most tests. Both
depend on nothing but a text that is the same in every application. Flask is told by class
attributes, which are its own way to choose.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class SharingRule(Rule):
    """A rule that takes the functions that build its URLs from an equal one of an earlier app."""

    _builders: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        assert self.map is not None
        converters: Any = tuple(self.map.converters.items())
        defaults = tuple((self.defaults or {}).items())
        key = (self.rule, self.subdomain, self.host, defaults, converters, append_unknown)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


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
