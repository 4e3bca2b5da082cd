"""What GitHub was asked, counted by occasion: calls are the budget that the product must not waste."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

_SHA = re.compile("[0-9a-f]{40}")
_TAG_NAME = re.compile(r"/(?:git/ref/tags|git/matching-refs/tags|releases/tags)/(.+)$")


class Call(Protocol):
    """A request to the API, as the stand-in logs it."""

    @property
    def path(self) -> str: ...
    @property
    def query(self) -> dict[str, str]: ...
    @property
    def mints_token(self) -> bool: ...


@dataclass(frozen=True)
class CallCount:
    """Requests without token mints: for the import, for tags at the head of a branch, others."""

    imported: int
    heads: int
    otherwise: int

    @property
    def total(self) -> int:
        return self.imported + self.heads + self.otherwise


@dataclass
class Heads:
    """Remembers which tags were made at the head of a branch: those ought to cost no call."""

    tips: dict[str, str] = field(default_factory=dict)
    _words: set[str] = field(default_factory=set)

    def push(self, ref: str, sha: str, *, force: bool = False) -> None:
        """Take note of a push. A forced one does not say what its head reaches, so it has to cost."""
        if force:
            self.tips.pop(ref, None)
        else:
            self.tips[ref] = sha

    def tag(self, name: str, sha: str, commit: str) -> None:
        """Take note of a tag; *sha* is that of the tag object, if there is one."""
        if commit in self.tips.values():
            self._words |= {name, sha, commit}

    def caused(self, call: Call) -> bool:
        """Whether a call was made for one of these tags: it ends in their name or sha."""
        path = unquote(call.path)
        name = _TAG_NAME.search(path)
        shas = _SHA.findall(" ".join([path, *call.query.values()]))
        return bool(name and name[1] in self._words) or bool(shas and shas[-1] in self._words)


def count_calls(calls: Iterable[Call], heads: Heads, *, imported: int) -> CallCount:
    """Count *calls*, of which the first *imported*, mints included, belong to the import."""
    every = list(calls)
    early = sum(not call.mints_token for call in every[:imported])
    late = [call for call in every[imported:] if not call.mints_token]
    at_heads = sum(heads.caused(call) for call in late)
    return CallCount(early, at_heads, len(late) - at_heads)
