"""Pushes: a ref moves, and the payload says what came with it."""

from dataclasses import dataclass

from demo.github.accounts import Account
from demo.github.changes import touched
from demo.github.clock import local
from demo.github.history import History
from demo.github.objects import ZERO, Commit, Signature
from demo.github.payloads import common
from demo.github.repositories import Repository
from demo.github.wire import Json
from demo.github.world import World

MOST_COMMITS = 2048  # in a push payload


class NonFastForward(ValueError):  # noqa: N818 - what git calls it
    """The push would lose commits and was not forced."""


@dataclass(frozen=True)
class Move:
    """One ref's move, worked out while the ref was still where it had been."""

    ref: str
    before: str
    after: str
    commits: list[str]  # oldest first
    distinct: frozenset[str]
    forced: bool
    base_ref: str | None

    @property
    def created(self) -> bool:
        return self.before == ZERO

    @property
    def deleted(self) -> bool:
        return self.after == ZERO


def plan(repository: Repository, ref: str, new: str | None) -> Move:
    """Work out a move from the refs as they are now; raise ValueError for a sha that is not there."""
    git = repository.git
    after = new or ZERO
    before, target = git.resolve([ref, after])
    if after != ZERO and target is None:
        raise ValueError(f"{ref}: no object {after}")
    if after == ZERO and before is None:
        raise ValueError(f"{ref}: cannot be deleted, it does not exist")
    before = before or ZERO
    is_branch = ref.startswith("refs/heads/")
    added: list[str] = []
    distinct: list[str] = []
    lost = 0
    if is_branch and after != ZERO:
        # What no ref had so far: one walk, since the object itself is not referenced yet.
        distinct = git.run("rev-list", after, "--not", "--all").decode().split()
        added = distinct
        if before != ZERO:
            added, lost = History(git).between(before, after)
    forced = before != ZERO and after != ZERO and before != after and (not is_branch or lost > 0)
    base_ref = _base(repository, ref, after) if before == ZERO else None
    return Move(ref, before, after, added[::-1], frozenset(distinct), forced, base_ref)


def payload(world: World, repository: Repository, move: Move, sender: Account) -> Json:
    """Render a push; call it when the refs have moved and `pushed_at` is set."""
    history, web = repository.history, repository.web(world.roots)
    head = history.commit_sha(f"{move.after}") if not move.deleted else None
    shas = move.commits[-MOST_COMMITS:]
    commits = history.commits(shas if head in shas[-1:] or head is None else [*shas, head])
    files = touched(repository.git, commits)
    shown = [
        _commit_json(world, web, commit, files[commit.sha], commit.sha in move.distinct)
        for commit in commits
    ]
    emails = sorted(sender.emails)
    return {
        "ref": move.ref,
        "before": move.before,
        "after": move.after,
        "repository": repository.push_json(world.roots),
        "pusher": {"name": sender.login, "email": emails[0] if emails else None},
        **{
            key: value
            for key, value in common(world, repository, sender).items()
            if key != "repository"
        },
        "created": move.created,
        "deleted": move.deleted,
        "forced": move.forced,
        "base_ref": move.base_ref,
        "compare": _compare_url(web, move, head),
        "commits": shown[: len(shas)],
        "head_commit": (shown[-1] | {"distinct": True}) if head else None,
    }


def _base(repository: Repository, ref: str, after: str) -> str | None:
    """Return the branch that a new ref was made from: one whose tip it is, the default one first."""
    if after == ZERO:
        return None
    commit = repository.git.resolve([f"{after}^{{commit}}"])[0]
    tips = [item.name for item in repository.git.refs("refs/heads/") if item.sha == commit]
    main = f"refs/heads/{repository.default_branch}"
    others = [name for name in tips if name != ref]
    return main if main in others else next(iter(others), None)


def _commit_json(
    world: World, web: str, commit: Commit, files: dict[str, list[str]], distinct: bool
) -> Json:
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": distinct,
        "message": commit.message,
        "timestamp": local(commit.committer.at),
        "url": f"{web}/commit/{commit.sha}",
        "author": _person(world, commit.author),
        "committer": _person(world, commit.committer),
        **files,
    }


def _person(world: World, signature: Signature) -> Json:
    account = world.accounts.by_email(signature.email)
    known = {"username": account.login} if account else {}
    return {"name": signature.name, "email": signature.email, **known}


def _compare_url(web: str, move: Move, head: str | None) -> str:
    name = move.ref.split("/", 2)[2]
    if move.created:
        return f"{web}/compare/{name}" if not move.commits else f"{web}/compare/{str(head)[:12]}"
    return f"{web}/compare/{move.before[:12]}...{move.after[:12]}"
