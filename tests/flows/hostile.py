"""Payloads that GitHub would never send: real ones, of which parts are missing or replaced."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

# What our readers look at; other parts are mutated as well, but less often.
READ = {
    *("action", "after", "archived", "author", "added", "account", "before", "body", "changes"),
    *("commits", "created", "default_branch", "deleted", "draft", "email", "forced", "full_name"),
    *("head_commit", "html_url", "id", "installation", "login", "merge_commit_sha", "merged"),
    *("message", "modified", "name", "number", "owner", "published_at", "pull_request"),
    *("pushed_at", "ref", "ref_type", "release", "removed", "repositories", "repositories_added"),
    *("repositories_removed", "repository", "tag_name", "timestamp", "title", "updated_at"),
    *("user", "username"),
}
NAMES = [
    *(
        "",
        "\x00",
        "\ud800",
        "v1.2\x003.4",
        "x" * 600,
        "é" * 512,
        "v1." + "9" * 600,
        "\U0001f600" * 512,
    ),
    *("refs/tags/v9.9.9", "refs/heads/", "refs/tags/", "refs/tags/%2e%2e/v1.0", "a/b@c/v1.0.0"),
    *("refs/tags/" + "é" * 490 + "/v1.0", "refs/notes/x", "../../etc", "' OR 1=1 --", "latest"),
]
MOMENTS = [
    *("0000-00-00T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("99999-01-01T00:00:00Z", "2026-03-01T00:00:00+25:00", "2026-03-01", "yesterday"),
    *(-1, 0, 253402300799, 253402300800, 2**63, -(10**30)),
]
NUMBERS = [-1, 0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**400, 1.5, 1e308]
TEXTS = [
    "Fixes WEB-1 " * 2_000,
    "Fixes WEB-99999999999999999999999",
    "This reverts commit " + "0" * 40 + ".",
    "Co-authored-by: \x00 <\ud800@x>\n" * 50,
    "".join(chr(0x4E00 + number % 20_000) for number in range(5_000)),
]
SHAS = ["0" * 40, "A" * 40, "abc1234", "f" * 40, "e" * 64, "g" * 40]
SHAPES: list[Any] = [
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"id": 1},
    [{}] * 3,
    "0",
    float("nan"),
]
DEEP: Any = "bottom"
for _ in range(200):
    DEEP = [DEEP]

Path = tuple[str | int, ...]


def list_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every node of a JSON document below its root."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from list_paths(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from list_paths(item, (*path, number))


def is_read(path: Path) -> bool:
    return all(part in READ for part in path if isinstance(part, str))


@st.composite
def mutated(draw: st.DrawFn, payload: Any, known: Sequence[Any]) -> Any:
    """*payload* with one to four nodes dropped, doubled, swapped or replaced.

    *known* are values that mean something here: ids and commits of this tenant and of another.
    """
    document = copy.deepcopy(payload)
    values: list[Any] = [*NAMES, *MOMENTS, *NUMBERS, *TEXTS, *SHAS, *SHAPES, DEEP, *known]
    for _ in range(draw(st.integers(1, 4))):
        paths = list(list_paths(document))
        read = [path for path in paths if is_read(path)]
        if not paths:
            break
        likely = read and draw(st.integers(0, 9)) > 0
        *way, last = draw(st.sampled_from(read if likely else paths))
        holder = document
        for part in way:
            holder = holder[part]
        act = draw(st.sampled_from(["replace", "replace", "replace", "drop", "double", "reverse"]))
        if act == "drop":
            del holder[last]
        elif act == "replace":
            holder[last] = copy.deepcopy(draw(st.sampled_from(values)))
        elif act == "double" and isinstance(holder[last], list):
            holder[last] = holder[last] * 2
        elif act == "reverse" and isinstance(holder[last], list):
            holder[last].reverse()
    return document


def to_body(document: Any) -> bytes:
    """As JSON; halves of surrogate pairs, NaN and infinity are written as Python writes them."""
    return json.dumps(document).encode()
