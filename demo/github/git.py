"""A bare git directory: read through `git`, written object by object, never with the user's settings."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo.github.objects import ZERO, format_time
from demo.github.reader import ObjectReader
from demo.github.store import LooseStore, build_tree

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    # The stand-in also serves borrowed, immutable histories: nothing may start a repack behind it.
    "GIT_CONFIG_KEY_1": "gc.auto",
    "GIT_CONFIG_VALUE_1": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "TZ": "UTC",
}
_REF_CHARACTERS = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//")
AUTHOR = "Ana Lima <ana@acme.example>"
EPOCH = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


class GitError(Exception):
    """A git command failed; the text is what it wrote to stderr."""


@dataclass(frozen=True)
class Ref:
    """A ref, and what it leads to when tags are peeled off; `commit` is None for a tag of a blob."""

    name: str
    sha: str
    type: str
    commit: str | None


def is_ref_name(name: str) -> bool:
    """Tell names from revision expressions such as `HEAD~2`, which GitHub does not take."""
    return bool(name) and not _REF_CHARACTERS.search(name) and not name.startswith(("-", "/"))


class BareRepository:
    """A bare repository and the plumbing that the stand-in, the demo and the tests need."""

    def __init__(self, path: Path) -> None:
        """Use the existing bare directory *path*."""
        self.path = path
        self._store = LooseStore(path / "objects")
        self._trees: dict[str, dict[str, tuple[str, str]]] = {}
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"}
        self._environment |= _ENVIRONMENT | {"GIT_DIR": str(path)}
        self._reader = ObjectReader(self._environment)

    @classmethod
    def init(cls, path: Path, default_branch: str = "main") -> "BareRepository":
        """Make an empty bare repository by hand, which is quicker than `git init`."""
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (path / folder).mkdir(parents=True, exist_ok=True)
        (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
        (path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        return cls(path)

    def alternate(self, other: Path) -> None:
        """Borrow all objects of *other* (a bare directory, or a clone with a work tree); refs stay."""
        git_dir = other / ".git" if (other / ".git").is_dir() else other
        with (self.path / "objects/info/alternates").open("a") as file:
            file.write(f"{(git_dir / 'objects').resolve()}\n")
        self._reader.close()  # git looks at this file only once

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run `git` and return its output; raise GitError when it fails."""
        done = subprocess.run(
            ["git", *arguments], env=self._environment, input=stdin, capture_output=True
        )
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip() or f"git {arguments[0]}")
        return done.stdout

    def commit(
        self,
        files: Mapping[str, str | bytes | None] | None = None,
        *,
        parents: Sequence[str] = (),
        message: str | bytes = "",
        author: str | bytes = AUTHOR,
        committer: str | bytes | None = None,
        date: datetime = EPOCH,
        commit_date: datetime | None = None,
        encoding: str | None = None,
    ) -> str:
        """Write a commit and return its sha; no ref moves.

        *files* are changes against the first parent, None removes one. *author* is `Name <e-mail>`,
        taken as it is, however odd. *encoding* becomes the commit's header: pass *message* in it.
        """
        content = dict(self._files(parents[0])) if parents else {}
        for path, text in (files or {}).items():
            if text is None:
                content.pop(path, None)
            else:
                content[path] = ("100644", self._store.write("blob", _bytes(text)))
        lines = [b"tree " + build_tree(self._store, content).encode()]
        lines += [b"parent " + parent.encode() for parent in parents]
        lines.append(b"author " + _bytes(author) + b" " + format_time(date))
        signature = _bytes(author if committer is None else committer)
        lines.append(b"committer " + signature + b" " + format_time(commit_date or date))
        if encoding:
            lines.append(b"encoding " + encoding.encode())
        sha = self._store.write("commit", b"\n".join(lines) + b"\n\n" + _bytes(message))
        self._remember(sha, content)
        return sha

    def tag_object(
        self,
        name: str,
        target: str,
        message: str | bytes = "",
        *,
        type_: str = "commit",
        tagger: str | bytes | None = AUTHOR,
        date: datetime = EPOCH,
    ) -> str:
        """Write an annotated tag and return the sha of the tag object; no ref moves."""
        lines = [f"object {target}\ntype {type_}\ntag {name}".encode()]
        if tagger is not None:
            lines.append(b"tagger " + _bytes(tagger) + b" " + format_time(date))
        return self._store.write("tag", b"\n".join(lines) + b"\n\n" + _bytes(message) + b"\n")

    def tag(
        self, name: str, target: str, message: str | None = None, *, date: datetime = EPOCH
    ) -> str:
        """Set the ref of a tag: lightweight, or annotated when there is a *message*; return its sha."""
        sha = target if message is None else self.tag_object(name, target, message, date=date)
        self.update_ref(f"refs/tags/{name}", sha)
        return sha

    def update_ref(self, ref: str, new: str | None) -> None:
        """Set, make or (None or zeros) delete a ref; it does not matter what it was."""
        if new is None or new == ZERO:
            self.run("update-ref", "-d", ref)
            return
        path = self.path / ref
        if not is_ref_name(ref) or path.is_dir() or any(up.is_file() for up in path.parents):
            self.run("update-ref", ref, new)  # says what is wrong, or clears empty folders away
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.lock")
        partial.write_text(f"{new}\n")
        partial.replace(path)

    def update_refs(self, refs: Mapping[str, str]) -> None:
        """Set many refs in one go."""
        lines = "".join(f"update {ref} {sha}\n" for ref, sha in refs.items())
        self.run("update-ref", "--stdin", stdin=lines.encode())

    def fast_import(self, stream: bytes) -> None:
        """Feed a `git fast-import` stream: the way to thousands of commits at once."""
        self.run("fast-import", "--quiet", "--force", stdin=stream)

    def rev_list(
        self, include: Iterable[str], exclude: Iterable[str] = (), *options: str
    ) -> list[str]:
        """Return the lines of `git rev-list`, newest first."""
        revisions = [*include, *(f"^{name}" for name in exclude)]
        stdin = "".join(f"{name}\n" for name in revisions).encode()
        if not revisions:
            return []
        return self.run("rev-list", "--stdin", *options, stdin=stdin).decode().split()

    def refs(self, *prefixes: str) -> list[Ref]:
        """List refs below *prefixes* (`refs/tags/`; whole names too), sorted by name."""
        format_ = "%(refname) %(objectname) %(objecttype) %(*objectname) %(*objecttype)"
        lines = self.run("for-each-ref", f"--format={format_}", *prefixes).decode()
        found = []
        for line in lines.splitlines():
            name, sha, type_, peeled, peeled_type = line.split(" ")
            commit = sha if type_ == "commit" else peeled
            if peeled_type == "tag":  # git 2.39 peels one layer only
                commit = self.resolve([f"{sha}^{{commit}}"])[0] or ""
            found.append(Ref(name, sha, type_, commit or None))
        return found

    def resolve(self, names: Sequence[str]) -> list[str | None]:
        """Return the sha behind each full name or expression, None where there is none."""
        return [found[0] if found else None for found in self.read(names)]

    def read(self, names: Sequence[str]) -> list[tuple[str, str, bytes] | None]:
        """Return (sha, type, content) of each object, None where there is none."""
        return self._reader.read(names)

    def close(self) -> None:
        """End the process that reads; the repository can be used again."""
        self._reader.close()

    def _files(self, commit: str) -> dict[str, tuple[str, str]]:
        """Return path -> (mode, sha) of all files of *commit*."""
        if commit not in self._trees:
            entries = self.run("ls-tree", "-r", "-z", commit).decode(errors="surrogateescape")
            rows = (entry.split("\t", 1) for entry in entries.split("\0") if entry)
            self._remember(
                commit, {path: (head.split()[0], head.split()[2]) for head, path in rows}
            )
        return self._trees[commit]

    def _remember(self, commit: str, files: dict[str, tuple[str, str]]) -> None:
        self._trees[commit] = files
        if len(self._trees) > 64:
            del self._trees[next(iter(self._trees))]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
