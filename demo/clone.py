"""A git repository as the demo reads it: its tags with their times, its commits with their parents."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What a user has configured, replaced or grafted must not change what a history is.
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class CloneError(Exception):
    """The directory cannot be used, with the reason in one line."""


@dataclass(frozen=True)
class Tag:
    """A tag of a commit: `sha` is the tag object's if annotated; `made` is in epoch seconds."""

    name: str
    sha: str
    commit: str
    made: int


@dataclass(frozen=True)
class Commit:
    """A commit's place in the graph; `made` is its committer's date in epoch seconds."""

    parents: tuple[str, ...]
    made: int


class Clone:
    """Any repository with a full history: bare, or with a work tree."""

    def __init__(self, path: Path) -> None:
        """Use the repository at *path*; raise CloneError if it is none, or a shallow one."""
        self._environment = {**os.environ, **_ENVIRONMENT}
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
            self._environment.pop(name, None)
        try:
            found = self._run_in(path, "rev-parse", "--absolute-git-dir", "--is-shallow-repository")
        except (CloneError, NotADirectoryError, FileNotFoundError):
            raise CloneError(f"{path} is not a git repository") from None
        directory, shallow = found.decode(errors="surrogateescape").splitlines()
        if shallow == "true":
            raise CloneError(f"{path} is a shallow clone; `git fetch --unshallow` completes it")
        self.git_dir = Path(directory)

    def run(self, *arguments: str, lines: Iterable[str] = ()) -> str:
        """Run git, with *lines* as its input; names that are not UTF-8 survive the way back."""
        text = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
        return self._run_in(self.git_dir, *arguments, stdin=text).decode(errors="surrogateescape")

    def _run_in(self, path: Path, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["git", "-C", str(path), *arguments]
        done = subprocess.run(
            command, env=self._environment, input=stdin, capture_output=True, check=False
        )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
            raise CloneError(f"git {arguments[0]}: {reason[-1]}")
        return done.stdout

    def tags(self) -> list[Tag]:
        """List the tags that lead to a commit, however deeply nested; those of trees and blobs not."""
        format_ = "%(objectname) %(taggerdate:unix) %(refname:lstrip=2)"
        rows = [
            line.split(" ", 2)
            for line in self.run("for-each-ref", f"--format={format_}", "refs/tags").splitlines()
        ]
        commits = self._peel(sha for sha, _, _ in rows)
        dates = self.commits(set(commits.values()), walk=False)
        return [
            Tag(name, sha, commits[sha], int(tagged) if tagged else dates[commits[sha]].made)
            for sha, tagged, name in rows
            if sha in commits
        ]

    def commits(self, tips: Iterable[str], *, walk: bool = True) -> dict[str, Commit]:
        """Return all commits that *tips* reach, parents last; without *walk* the tips alone."""
        options = ["--topo-order"] if walk else ["--no-walk=unsorted"]
        wanted = sorted(tips)
        if not wanted:
            return {}
        output = self.run("log", *options, "--format=%H %ct %P", "--stdin", lines=wanted)
        rows = (line.split(" ") for line in output.splitlines() if line)
        return {
            row[0]: Commit(tuple(parent for parent in row[2:] if parent), int(row[1]))
            for row in rows
        }

    def head(self) -> str | None:
        """Return the commit at the tip of the default branch, as far as a clone knows it."""
        for name in ("refs/remotes/origin/HEAD", "HEAD", "refs/heads/main", "refs/heads/master"):
            found = self._peel([name])
            if found:
                return found[name]
        return None

    def _peel(self, names: Iterable[str]) -> dict[str, str]:
        """Return the commit behind each name; what leads to no commit is left out."""
        wanted = list(dict.fromkeys(names))
        output = self.run(
            "cat-file",
            "--batch-check=%(objectname) %(objecttype)",
            lines=(f"{name}^{{commit}}" for name in wanted),
        )
        answers = (line.split(" ") for line in output.splitlines())
        return {
            name: answer[0]
            for name, answer in zip(wanted, answers, strict=True)
            if len(answer) == 2 and answer[1] == "commit"
        }
