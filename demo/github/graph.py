"""The graph behind GraphQL: repositories, refs, tags, commits, people."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from demo.github.clock import local, utc
from demo.github.git import GitError, Ref
from demo.github.nodes import FieldError, Node, after_cursor, check_first, connection, cursor
from demo.github.objects import Commit, Signature, Tag, parse_commit, parse_tag
from demo.github.query import Field, QueryError
from demo.github.repositories import Repository
from demo.github.world import Call

# The first line of each group of lines: commit, line there, line here, number of lines.
_BLAMED = re.compile(rb"^([0-9a-f]{40}) \d+ (\d+) (\d+)$", re.MULTILINE)


class Loader:
    """Reads objects of one repository, many at once, and keeps them for the length of a query."""

    def __init__(self, call: Call, repository: Repository) -> None:
        self.call = call
        self.repository = repository
        self._objects: dict[str, Commit | Tag | tuple[str, str]] = {}

    def load(self, shas: Iterable[str]) -> None:
        """Read what is not known yet, and what tags among it point at."""
        wanted = [sha for sha in dict.fromkeys(shas) if sha not in self._objects]
        while wanted:
            following = []
            for found in self.repository.git.read(wanted):
                if found is None:
                    continue
                sha, kind, content = found
                if kind == "commit":
                    self._objects[sha] = parse_commit(sha, content)
                elif kind == "tag":
                    tag = self._objects[sha] = parse_tag(sha, content)
                    following.append(tag.target)
                else:
                    self._objects[sha] = (sha, kind)
            wanted = [sha for sha in following if sha not in self._objects]

    def node(self, sha: str | None) -> Node | None:
        """Return the object as a node, None when there is none."""
        if sha is None:
            return None
        self.load([sha])
        found = self._objects.get(sha)
        if isinstance(found, Commit):
            return _commit(self, found)
        if isinstance(found, Tag):
            return _tag(self, found)
        if found is None:
            return None
        return Node(found[1].capitalize(), {"oid": sha, "id": sha}, ("GitObject", "Node"))

    def commit(self, sha: str | None) -> Commit | None:
        """Return a commit that was loaded, None when it is none."""
        found = self._objects.get(sha or "")
        return found if isinstance(found, Commit) else None

    def commit_date(self, ref: Ref) -> datetime:
        found = self.commit(ref.commit)
        return found.committer.at if found else datetime.min.replace(tzinfo=UTC)


def repository_node(call: Call, repository: Repository) -> Node:
    """Return a repository, from which everything else is reached."""
    loader = Loader(call, repository)
    branch = f"refs/heads/{repository.default_branch}"
    return Node(
        "Repository",
        {
            "id": f"R_{repository.id}",
            "databaseId": repository.id,
            "name": repository.name,
            "nameWithOwner": repository.full_name,
            "isArchived": repository.archived,
            "isPrivate": repository.private,
            "pushedAt": utc(repository.pushed_at),
            "url": repository.web(call.roots),
            "defaultBranchRef": partial(_ref, loader, branch),
            "ref": partial(_ref, loader),
            "refs": partial(_refs, loader),
            "object": partial(_object, loader),
        },
        ("Node",),
    )


def _object(loader: Loader, oid: str | None = None, expression: str | None = None) -> Node | None:
    if (oid is None) == (expression is None):
        raise QueryError("Field 'object' needs one of oid and expression")
    if oid is not None and len(oid) != 40:
        raise FieldError("INVALID", f"Could not resolve to an object with the oid of '{oid}'")
    name = oid or str(expression)
    sha = None if "\n" in name else loader.repository.git.resolve([name])[0]
    return loader.node(sha)


def _ref(loader: Loader, qualifiedName: str) -> Node | None:  # noqa: N803 - GraphQL's name
    full = qualifiedName if qualifiedName.startswith("refs/") else f"refs/heads/{qualifiedName}"
    found = [ref for ref in loader.repository.git.refs(full) if ref.name == full]
    return _ref_node(loader, found[0], full.split("/", 2)[2]) if found else None


def _ref_node(loader: Loader, ref: Ref, name: str) -> Node:
    prefix = ref.name.removesuffix(name)
    target = {"target": partial(loader.node, ref.sha)}
    return Node("Ref", {"name": name, "prefix": prefix, "id": ref.name, **target}, ("Node",))


def _refs(
    loader: Loader,
    refPrefix: str,  # noqa: N803 - GraphQL's name
    first: int | None = None,
    after: str | None = None,
    orderBy: Mapping[str, str] | None = None,  # noqa: N803
    query: str | None = None,
) -> Node:
    check_first("refs", first)
    found = loader.repository.git.refs(refPrefix.rstrip("/") + "/")
    found = [ref for ref in found if query is None or query.lower() in ref.name.lower()]
    if orderBy and orderBy.get("field") == "TAG_COMMIT_DATE":
        loader.load(ref.commit for ref in found if ref.commit)
        found.sort(key=loader.commit_date)
    if orderBy and orderBy.get("direction") == "DESC":
        found.reverse()
    names = [cursor(ref.name) for ref in found]
    start = after_cursor(names, after)
    page = found[start : start + (first or 0)]
    loader.load(ref.sha for ref in page)
    skipped = len(refPrefix.rstrip("/")) + 1
    nodes = [_ref_node(loader, ref, ref.name[skipped:]) for ref in page]
    end = cursor(page[-1].name) if page else None
    return connection("Ref", nodes, len(found), start, end)


def _history(
    loader: Loader,
    commit: Commit,
    first: int | None = None,
    after: str | None = None,
    since: str | None = None,
    until: str | None = None,
    path: str | None = None,
) -> Node:
    check_first("history", first)
    given = {"since": since, "until": until}
    options = [f"--{name}={value}" for name, value in given.items() if value]
    log = loader.repository.history.log(commit.sha, *options, paths=[path] if path else [])
    start = 0
    if after is not None:
        _, _, number = after.partition(" ")
        if not number.isdigit():
            raise FieldError("INVALID_CURSOR_ARGUMENTS", f"`{after}` is not a valid cursor.")
        start = int(number) + 1
    page = log[start : start + (first or 0)]
    loader.load(page)
    nodes = [node for node in map(loader.node, page) if node]
    end = f"{commit.sha} {start + len(page) - 1}" if page else None
    return connection("Commit", nodes, len(log), start, end, "CommitHistoryConnection")


def _commit(loader: Loader, commit: Commit) -> Node:
    headline, _, rest = commit.message.partition("\n")
    author, committer = commit.author, commit.committer
    return Node(
        "Commit",
        {
            "oid": commit.sha,
            "id": f"C_{commit.sha}",
            "abbreviatedOid": commit.sha[:7],
            "url": f"{loader.repository.web(loader.call.roots)}/commit/{commit.sha}",
            "message": commit.message,
            "messageHeadline": headline,
            "messageBody": rest.strip("\n"),
            "committedDate": utc(committer.at),
            "authoredDate": utc(author.at),
            "author": partial(_actor, loader, author),
            "committer": partial(_actor, loader, committer),
            "parents": partial(_parents, loader, commit),
            "history": partial(_history, loader, commit),
            "blame": partial(_blame, loader, commit),
            "associatedPullRequests": partial(_pulls, loader, commit),
        },
        ("GitObject", "Node"),
    )


def _blame(loader: Loader, commit: Commit, path: str) -> Node:
    try:
        output = loader.repository.git.run("blame", "--porcelain", commit.sha, "--", path)
    except GitError:
        raise FieldError("NOT_FOUND", f"No file {path} at {commit.sha}") from None
    groups = [found.groups() for found in _BLAMED.finditer(output)]
    loader.load(sha.decode() for sha, _, _ in groups)
    # 1 is the newest; GitHub's scale ends at 10.
    blamed = [node for node in (loader.commit(sha.decode()) for sha, _, _ in groups) if node]
    order = sorted({(item.committer.at, item.sha) for item in blamed}, reverse=True)
    ages = {sha: min(age, 10) for age, (_, sha) in enumerate(order, 1)}
    ranges = [
        Node(
            "BlameRange",
            {
                "startingLine": int(start),
                "endingLine": int(start) + int(count) - 1,
                "age": ages[sha.decode()],
                "commit": loader.node(sha.decode()),
            },
        )
        for sha, start, count in groups
    ]
    return Node("Blame", {"ranges": ranges})


def _parents(
    loader: Loader, commit: Commit, first: int | None = None, after: str | None = None
) -> Node:
    check_first("parents", first)
    start = after_cursor(list(commit.parents), after)
    page = commit.parents[start : start + (first or 0)]
    # A parent's sha is known without reading it, and most queries want nothing else.
    nodes = [_Later(loader, sha) for sha in page]
    end = page[-1] if page else None
    return connection("Commit", nodes, len(commit.parents), start, end)


class _Later(Node):
    """A commit that is read only when more than its sha is asked for."""

    def __init__(self, loader: Loader, sha: str) -> None:
        super().__init__("Commit", {}, ("GitObject", "Node"))
        self._loader = loader
        self._sha = sha

    def get(self, field: Field) -> Any:
        if field.name == "oid":
            return self._sha
        whole = self._loader.node(self._sha)
        return whole.get(field) if whole else None


def _pulls(
    loader: Loader, commit: Commit, first: int | None = None, after: str | None = None
) -> Node:
    check_first("associatedPullRequests", first)
    token = loader.call.caller.token
    if token is None or not token.installation.may("pull_requests=read"):
        raise FieldError("FORBIDDEN", "Resource not accessible by integration")
    history, found = loader.repository.history, []
    for pull in loader.call.world.pulls[loader.repository.id].values():
        brought = history.compare(pull.base_sha, pull.head_sha)
        if commit.sha == pull.merge_commit_sha or (brought and commit.sha in brought.commits):
            merged = utc(pull.merged_at) if pull.merged_at else None
            fields = {"number": pull.number, "title": pull.title, "mergedAt": merged}
            found.append(Node("PullRequest", fields, ("Node",)))
    start = int(after) if after and after.isdigit() else 0
    page = found[start : start + (first or 0)]
    return connection("PullRequest", page, len(found), start, str(start + len(page)))


def _tag(loader: Loader, tag: Tag) -> Node:
    tagger = tag.tagger
    return Node(
        "Tag",
        {
            "oid": tag.sha,
            "id": f"TA_{tag.sha}",
            "name": tag.name,
            "message": tag.message,
            "tagger": partial(_actor, loader, tagger) if tagger else None,
            "target": partial(loader.node, tag.target),
        },
        ("GitObject", "Node"),
    )


def _actor(loader: Loader, signature: Signature) -> Node:
    account = loader.call.world.accounts.by_email(signature.email)
    user = None
    # Bots are no users: GitHub's `user` is null for them.
    if account and account.type == "User":
        fields = {"login": account.login, "databaseId": account.id, "name": account.name}
        user = Node("User", fields | {"id": f"U_{account.id}"}, ("Node", "Actor"))
    values = {"name": signature.name, "email": signature.email, "date": local(signature.at)}
    return Node("GitActor", values | {"user": user})
