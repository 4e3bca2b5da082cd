"""Names without what changes from build to build and from run to run.

Paths lose the directory that they were built in, versions and digests; functions the numbers that
compilers count anonymous ones with; messages whatever a program put into them. All in time linear
in the length of the text, which strangers write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

LONGEST_MESSAGE = 500
KEPT = 4096  # answers: the events of a project name the same places again and again
_NAMELESS = {"", "?", "<anonymous>", "anonymous", "<unknown>", "unknown", "<lambda>", "(anonymous)"}

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/]*/?")
_DRIVE = re.compile(r"^(?:[A-Za-z]:)?/")
# What lies behind the last of these is the same wherever a package is installed.
_INSTALLED = re.compile(
    r".*/(?:site-packages|dist-packages|node_modules|pkg/mod|gems|registry/src/[^/]+)/"
)
_VERSION = re.compile(r"(?<=[-@/_])v?\d+(?:\.\d+)+[\w.+-]*?(?=/|\.\w+$|$)")
_DIGEST = re.compile(r"(?<=[-._~@/])(?=[0-9a-f]*\d)[0-9a-f]{6,64}(?=[-._~/?]|$)")
_MIXED_DIGEST = re.compile(
    r"(?<=[-.])(?=\w{0,7}\d)(?=\w{0,7}[A-Z])(?=\w{0,7}[a-z])\w{8}(?=\.\w{1,4}$)"
)
# The end of a bundle's name, by Vite, Rollup (`index-BZxQ_kZL.js`) or esbuild (`chunk-QLZ6RFTN.js`).
_BUNDLE_DIGEST = re.compile(r"(?<=[-.])[\w-]{8}(?=\.[cm]?js$)", re.ASCII)
_BASE32 = re.compile(r"[A-Z2-7]{8}")
_MOST_HUMPS = 2  # a word of eight letters that is written `UserList` has no more capitals
_NEXT_BUILD = re.compile(r"(?<=_next/static/)[\w-]{21}(?=/)", re.ASCII)

_COUNTED = re.compile(
    r"((?:lambda|func|closure|anonymous|anon|block|async|fn|Lambda)(?:\$\w{1,40})?[$_#.]?)\d+(?:\.\d+)*"
)
_AFTER_SIGN = re.compile(r"(?<=[$#])\d+")
_ANONYMOUS_CLASS = re.compile(r"(?<=@anonymous).*?(?=::|->|$)", re.DOTALL)  # PHP: file and line
_CLOSURE_LINE = re.compile(r"(?<=\{closure:)([^{}]*):\d+(?=\})")  # PHP, from 8.4 on
_CLOSURE_FILE = re.compile(r"(?<=\{closure:)(?:[A-Za-z]:)?[/\\][^{}]*(?=\})")
_STATE_MACHINE = re.compile(r"(?<=[a-z]__)\d+(?:_\d+)?|(?<=DisplayClass)\d+(?:_\d+)?")  # C#
_ADDRESS = re.compile(r"(?:/?0x)[0-9A-Fa-f]+")
_ALIAS = re.compile(r" \[as [^\]]*\]")
_GENERATED = re.compile(r"(?<=\$\$)[0-9a-f]{6,40}\b")

_PARAMETER = re.compile(
    r"""
    (?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)
    |(?P<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?\b
      |\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\b)
    |(?P<email>\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b)
    |(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b
      |(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}:?[0-9a-fA-F]{0,4}\b)
    |(?P<hex>\b0[xX][0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]{0,63}\d)(?=\d{0,63}[a-fA-F])[0-9a-fA-F]{8,64}\b)
    |(?P<text>"[^"\n]{0,300}"|(?<!\w)'[^'\n]{0,300}'(?!\w)|`[^`\n]{0,300}`|«[^»\n]{0,300}»)
    |(?P<number>(?<![A-Za-z_0-9])[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?)
    """,
    re.VERBOSE,
)


def parametrise(message: str) -> str:
    """The message with `<number>`, `<uuid>` and the like in the place of what varies."""
    text = " ".join(message[:LONGEST_MESSAGE].split())
    return _PARAMETER.sub(lambda match: f"<{match.lastgroup}>", text)


@lru_cache(KEPT)
def stable_function(name: str | None) -> str | None:
    """The function's name without counters and addresses; None for one that has no name."""
    text = (name or "").strip()
    if text.lower() in _NAMELESS:
        return None
    text = _CLOSURE_FILE.sub("", _CLOSURE_LINE.sub(r"\1", _ANONYMOUS_CLASS.sub("", text)))
    text = _STATE_MACHINE.sub("", text)
    text = _ADDRESS.sub("", _ALIAS.sub("", text))
    text = _AFTER_SIGN.sub("", _GENERATED.sub("", text))
    return _COUNTED.sub(r"\1", text).strip() or None


@lru_cache(KEPT)
def stable_module(module: str | None) -> str | None:
    """A dotted module or class; None for those that name the program that was started."""
    if module is None or module in ("__main__", "<unknown module>"):
        return None
    return stable_function(module)


def find_root(own: Sequence[str], of_stack: Sequence[str] = ()) -> str:
    """The directory, with a slash at its end, that the application of a stack was built in.

    That above `node_modules`, if any path *of_stack* lies in one; else the one that the
    application's *own* absolute paths have in common.
    """
    for path in map(_with_slashes, of_stack):
        above, found, _ = path.partition("/node_modules/")
        if found and _DRIVE.match(path):
            return above + "/"
    rooted = [path for path in map(_with_slashes, own) if _DRIVE.match(path)]
    directories = [path.split("/")[:-1] for path in rooted if not _INSTALLED.match(path)]
    shared: list[str] = []
    for names in zip(*directories, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared) + "/" if shared else "/"


@lru_cache(KEPT)
def stable_path(path: str, root: str = "/") -> str:
    """The path below *root*, or below where packages are installed, without versions and digests."""
    text = _with_slashes(path)
    text = text.partition("?")[0].partition("#")[0]
    installed = _INSTALLED.match(text)
    if installed:
        text = text[installed.end() :]
    else:
        text = text.removeprefix(root) if _DRIVE.match(text) else text
    text = _DRIVE.sub("", text)
    while text.startswith(("./", "../")):
        text = text.partition("/")[2]
    text = _NEXT_BUILD.sub("*", _VERSION.sub("*", text))
    text = _MIXED_DIGEST.sub("*", _DIGEST.sub("*", text))
    return _BUNDLE_DIGEST.sub(_without_digest, text)


def _without_digest(match: re.Match[str]) -> str:
    """`*` for eight characters that no person would write in that way; they may hold no digit."""
    text = match[0]
    capitals = sum(character.isupper() for character in text)
    mixed = any(character.islower() for character in text)
    if _BASE32.fullmatch(text) or (mixed and capitals > _MOST_HUMPS):
        return "*"
    is_random = mixed and capitals and any(character.isdigit() for character in text)
    return "*" if is_random else text


@lru_cache(KEPT)
def _with_slashes(path: str) -> str:
    """With `/` as separator; an address without its host, a file's with its root."""
    text = path.replace("\\", "/")
    match = _SCHEME.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    return "/" + rest if text.startswith("file:") else rest
