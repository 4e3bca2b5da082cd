"""An organization with a repository, its clone, and what the server says of both."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from demo.github import Account
from demo.github import Repository as RepositoryThere
from domain.organizations import create_project, get_organization
from domain.tokens import create_token
from models import TokenKind, utcnow
from tests.contract.places import Place
from tests.webapp.test_commands import document_of, lines_of

CI_SCOPES = ("org:read", "project:read", "project:releases")
START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


@dataclass
class Shop:
    """The repository `shop` of an organization of its own; it feeds the project `shop`.

    There are two more projects, `web` and `worker`. The clone's remote is the repository's address
    at github.com, as people have it, though the commits came from elsewhere.
    """

    place: Place
    directory: Path
    moment: datetime = START
    account: Account = field(init=False)
    there: RepositoryThere = field(init=False)

    def __post_init__(self) -> None:
        number = next(self.place.numbers)
        github = self.place.github
        self.account = github.account(f"acme{number}", type="Organization")
        self.there = github.repository(self.account, "shop")
        self._make_history()
        github.install(self.account)
        self.place.settle()
        with self.place.db.transaction() as session:
            organization = get_organization(session, self.org)
            for slug in ("web", "worker"):
                create_project(session, organization.id, slug, now=utcnow())
        self._clone()

    @property
    def org(self) -> str:
        return self.account.login

    @property
    def name(self) -> str:
        return self.there.full_name

    @property
    def clone(self) -> Path:
        return self.directory / "clone"

    # At GitHub and in the clone

    def _make_history(self) -> None:
        """Twelve commits, then `v1.0.0`; a branch with two commits, merged; one commit more."""
        base: list[str] = []
        for number in range(12):
            base = [self._commit(f"Change {number}", base)]
        self.there.git.update_ref("refs/tags/v1.0.0", base[0])
        side = [self._commit("Side 2", [self._commit("Side 1", base)])]
        merge = self._commit("Merge the side", [self._commit("Change 12", base), *side])
        self.there.git.update_ref("refs/heads/main", self._commit("Change 13", [merge]))

    def _commit(self, message: str, parents: Sequence[str]) -> str:
        self.moment += timedelta(minutes=1)
        files = {f"{message}.txt": f"{message}\n"}
        return self.there.git.commit(files, parents=parents, message=message, date=self.moment)

    def _clone(self) -> None:
        source = str(self.there.git.path)
        subprocess.run(["git", "clone", "-q", source, str(self.clone)], check=True, env=_GIT)
        self.git("remote", "set-url", "origin", f"git@github.com:{self.name}.git")

    def add_library(self) -> tuple[str, list[str]]:
        """A second repository of three commits: its full name, and their shas, oldest first."""
        library = self.place.github.repository(self.account, "lib")
        shas: list[str] = []
        for number in range(3):
            self.moment += timedelta(minutes=1)
            message = f"Library {number}"
            shas.append(library.git.commit(parents=shas[-1:], message=message, date=self.moment))
        self.place.github.push(library, "refs/heads/main", shas[-1], at=self.moment)
        self.place.settle()
        return library.full_name, shas

    def clone_shallow(self, depth: int = 1) -> Path:
        """A clone as pipelines have it, with the same remote."""
        path = self.directory / "shallow"
        source = self.there.git.path.as_uri()
        options = ["-q", f"--depth={depth}", "--no-tags"]
        subprocess.run(["git", "clone", *options, source, str(path)], check=True, env=_GIT)
        remote = f"git@github.com:{self.name}.git"
        set_remote = ["git", "-C", str(path), "remote", "set-url", "origin", remote]
        subprocess.run(set_remote, check=True, env=_GIT)
        return path

    def tag(self, name: str) -> None:
        """Tag the tip of main at GitHub and tell the server; the clone has the tag."""
        self.moment += timedelta(minutes=1)
        self.git("tag", name)
        self.place.github.push(self.there, f"refs/tags/{name}", self.sha("HEAD"), at=self.moment)
        self.place.settle()

    def push(self, message: str) -> str:
        """A commit on main, pushed to GitHub and told to the server; the clone has it."""
        sha = self.commit_unpushed(message)
        self.push_main()
        return sha

    def push_main(self) -> None:
        """Push main as it is in the clone, and have the server told."""
        self.there.git.run("fetch", "-q", str(self.clone), "+main:refs/incoming/main")
        sha = self.sha("main")
        self.place.github.push(self.there, "refs/heads/main", sha, at=self.moment)
        self.place.settle()

    def commit_unpushed(self, message: str) -> str:
        """A commit on main that only the clone has."""
        self.moment += timedelta(minutes=1)
        at = self.moment.isoformat()
        (self.clone / "news.txt").write_text(f"{message}\n")
        self.git("add", "news.txt")
        self.git("commit", "-q", "-m", message, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)
        return self.sha("HEAD")

    def git(self, *arguments: str, **environ: str) -> str:
        """What git says in the clone."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.clone,
            env=_GIT | environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def sha(self, revision: str) -> str:
        return self.git("rev-parse", f"{revision}^{{commit}}")

    def rev_list(self, *arguments: str) -> set[str]:
        """What `git rev-list` counts, in the clone."""
        return set(self.git("rev-list", *arguments).split())

    # At the server

    def token(self, kind: TokenKind = TokenKind.user, *scopes: str) -> str:
        """A token for CI, or one with other scopes."""
        wanted = scopes or (CI_SCOPES if kind == TokenKind.user else ())
        with self.place.db.transaction() as session:
            organization = get_organization(session, self.org)
            return create_token(
                session, organization, kind=kind, scopes=wanted, url=self.place.url, now=utcnow()
            )

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of a request below the organization's part of the API."""
        request = urllib.request.Request(  # noqa: S310  # our own server
            f"{self.place.url}/api/0/organizations/{self.org}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.reader}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    @cached_property
    def reader(self) -> str:
        return self.token(TokenKind.user, *CI_SCOPES, "event:read")

    def release(self, version: str) -> Any:
        """A release as the API tells it; None where there is none."""
        status, told = self.ask("GET", f"releases/{quote(version, safe='')}/")
        assert status in (200, 404), told
        return told if status == 200 else None

    def commits(self, version: str) -> list[str]:
        """A release's commits, newest first: the API and `flask release show` have to agree."""
        status, told = self.ask("GET", f"releases/{quote(version, safe='')}/commits/")
        assert status == 200, told
        shas = [commit["id"] for commit in told]
        [line] = lines_of(
            self.place.app, *("release", "show", "--org", self.org, "--json", "--", version)
        )
        shown = json.loads(line)
        assert shown["commits"] == shas
        assert shown["commit_count"] == len(shas) == self.release(version)["commitCount"]
        return shas

    def issue(self, title: str, *, project: str = "shop") -> str:
        """Write an issue down; its short id."""
        made = document_of(
            self.place.app, *("issue", "create", "--org", self.org, "--project", project, title)
        )
        return str(made["short_id"])

    def status_of(self, issue: str) -> str | tuple[str, str]:
        """`unresolved`, or `resolved` and the version that it is fixed in."""
        status, told = self.ask("GET", f"shortids/{issue}/")
        assert status == 200, told
        fixed = told["group"]["statusDetails"].get("inRelease")
        return ("resolved", fixed) if fixed else str(told["group"]["status"])

    def versions(self) -> set[str]:
        """All releases, archived ones included."""
        listed = document_of(self.place.app, "release", "list", "--org", self.org)
        return {release["version"] for release in listed}


_GIT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ana Lima",
    "GIT_AUTHOR_EMAIL": "ana@acme.example",
    "GIT_COMMITTER_NAME": "Ana Lima",
    "GIT_COMMITTER_EMAIL": "ana@acme.example",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}
