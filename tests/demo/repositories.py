"""Small histories, each commit by a letter, made with git itself."""

import os
import subprocess
from pathlib import Path

from demo.clone import Clone


class Drawing:
    """A repository in the making: `commit("b", "a")` puts b on top of a, an hour after the last act."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shas: dict[str, str] = {}
        self.hour = 0
        self.git("init", "-q", "-b", "main", str(path), inside=False)

    def commit(self, letter: str, *parents: str, hour: int | None = None) -> None:
        options = [word for parent in parents for word in ("-p", self.shas[parent])]
        tree = self.git("mktree")
        self.shas[letter] = self.git("commit-tree", tree, "-m", letter, *options, hour=hour)

    def chain(self, letters: str, parent: str | None = None) -> None:
        for letter in letters:
            self.commit(letter, *([parent] if parent else []))
            parent = letter

    def tag(self, name: str, target: str, *, note: bool = False, hour: int | None = None) -> None:
        options = ["-a", "-m", name] if note else []
        self.git("tag", *options, name, self.shas.get(target, target), hour=hour)

    def main(self, letter: str) -> None:
        self.git("update-ref", "refs/heads/main", self.shas[letter])

    def git(self, *arguments: str, inside: bool = True, hour: int | None = None) -> str:
        self.hour = self.hour + 1 if hour is None else hour
        date = f"{1_700_000_000 + 3600 * self.hour} +0000"
        who = {
            f"GIT_{r}_{x}": "ana@acme.example"
            for r in ("AUTHOR", "COMMITTER")
            for x in ("NAME", "EMAIL")
        }
        when = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *(["-C", str(self.path)] if inside else []), *arguments],
            env={"PATH": os.environ["PATH"], **who, **when, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def clone(self) -> Clone:
        return Clone(self.path)

    def letters(self, shas: frozenset[str] | set[str]) -> str:
        """Spell a set of commits, in alphabetical order."""
        return "".join(sorted(letter for letter, sha in self.shas.items() if sha in shas))
