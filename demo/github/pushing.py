"""What people do with refs, releases and pull requests, and the events that it makes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from demo.github import payloads, pushes
from demo.github.accounts import Account
from demo.github.deliveries import Delivery
from demo.github.objects import ZERO
from demo.github.pulls import Pull
from demo.github.releases import Release
from demo.github.repositories import Repository
from demo.github.wire import Json
from demo.github.world import World

MOST_TAGS = 3  # pushed at once; more of them make no events at all


class Refs:
    """Pushing."""

    world: World

    def push(
        self,
        repository: Repository,
        ref: str,
        sha: str | None,
        force: bool = False,
        at: datetime | None = None,
        by: Account | None = None,
    ) -> list[Delivery]:
        """Move a ref (None or zeros delete it) and queue the push, then create or delete.

        Raise NonFastForward when commits would be lost, or a tag moved, without *force*.
        """
        world = self.world
        move = pushes.plan(repository, ref, None if sha == ZERO else sha)
        if move.forced and not force:
            raise pushes.NonFastForward(f"{ref}: {move.before} -> {move.after}")
        if move.before == move.after:
            return []
        repository.git.update_ref(ref, move.after)
        repository.pushed_at = world.when(at)
        sender = by or world.actor(repository.owner)
        told = world.tell(
            "push", repository, lambda: pushes.payload(world, repository, move, sender)
        )
        if move.created:
            told += world.tell(
                "create", repository, lambda: payloads.create(world, repository, ref, sender)
            )
        if move.deleted:
            told += world.tell(
                "delete", repository, lambda: payloads.delete(world, repository, ref, sender)
            )
        return told

    def push_tags(
        self,
        repository: Repository,
        tags: Mapping[str, str],
        at: datetime | None = None,
        by: Account | None = None,
    ) -> list[Delivery]:
        """Push tags at once, by short name; more than three of them happen in silence."""
        if len(tags) > MOST_TAGS:
            repository.git.update_refs({f"refs/tags/{tag}": sha for tag, sha in tags.items()})
            repository.pushed_at = self.world.when(at)
            return []
        told = []
        for tag, sha in tags.items():
            told += self.push(repository, f"refs/tags/{tag}", sha, force=True, at=at, by=by)
        return told


class Releases(Refs):
    """Publishing."""

    def publish_release(
        self,
        repository: Repository,
        tag: str,
        *,
        name: str | None = None,
        body: str | None = None,
        prerelease: bool = False,
        target: str | None = None,
        at: datetime | None = None,
        by: Account | None = None,
    ) -> Release:
        """Publish a release with one click; a missing tag is made at *target*, else the default branch.

        Queues created, published and released (prereleased for a pre-release).
        """
        world = self.world
        ref = f"refs/tags/{tag}"
        goal = target or repository.default_branch
        if repository.git.resolve([ref])[0] is None:
            self.push(repository, ref, repository.history.commit_sha(goal), at=at, by=by)
        sha = repository.history.commit_sha(ref)
        if sha is None:
            raise ValueError(f"{tag}: no commit to release")
        when = world.when(at)
        made = Release(
            next(world.ids),
            tag,
            goal,
            name,
            body,
            by or world.actor(repository.owner),
            # GitHub shows the commit's time as that of the release's creation.
            repository.history.commit(sha).committer.at,
            when,
            prerelease,
        )
        world.releases[repository.id].append(made)
        for action in ("created", "published", "prereleased" if prerelease else "released"):
            self._tell_release(action, repository, made)
        return made

    def edit_release(
        self,
        repository: Repository,
        release: Release,
        *,
        name: str | None = None,
        body: str | None = None,
        prerelease: bool | None = None,
    ) -> list[Delivery]:
        """Change what is not None; a pre-release that is none any more is released."""
        changes: Json = {}
        if name is not None:
            changes["name"] = {"from": release.name or ""}
            release.name = name
        if body is not None:
            changes["body"] = {"from": release.body or ""}
            release.body = body
        promoted = release.prerelease and prerelease is False
        release.prerelease = release.prerelease if prerelease is None else prerelease
        told = self._tell_release("edited", repository, release, changes)
        return told + (self._tell_release("released", repository, release) if promoted else [])

    def delete_release(self, repository: Repository, release: Release) -> list[Delivery]:
        """Delete the release; its tag stays."""
        self.world.releases[repository.id].remove(release)
        return self._tell_release("deleted", repository, release)

    def _tell_release(
        self, action: str, repository: Repository, release: Release, changes: Json | None = None
    ) -> list[Delivery]:
        world, sender = self.world, release.author
        return world.tell(
            "release",
            repository,
            lambda: payloads.release(world, action, repository, release, sender, changes),
        )


class Pulls(Refs):
    """Pull requests."""

    def open_pull_request(
        self,
        repository: Repository,
        head: str,
        *,
        title: str,
        body: str | None = None,
        base: str | None = None,
        by: Account | None = None,
        at: datetime | None = None,
    ) -> Pull:
        """Ask to merge branch *head* into *base*, by default into the default branch."""
        world, history = self.world, repository.history
        base = base or repository.default_branch
        tips = [history.commit_sha(f"refs/heads/{branch}") for branch in (head, base)]
        if tips[0] is None or tips[1] is None:
            raise ValueError(f"no branch {head} or {base}")
        pulls, when = world.pulls[repository.id], world.when(at)
        made = Pull(
            next(world.ids),
            len(pulls) + 1,
            title,
            body,
            by or world.actor(repository.owner),
            head,
            tips[0],
            base,
            tips[1],
            when,
            when,
            # Before the merge this is a commit that only tries out the merge.
            merge_commit_sha=tips[0],
        )
        brought = history.compare(tips[1], tips[0])
        made.commits = len(brought.commits) if brought else 0
        pulls[made.number] = made
        self._tell_pull("opened", repository, made, made.user)
        return made

    def edit_pull_request(
        self,
        repository: Repository,
        pull: Pull,
        *,
        title: str | None = None,
        body: str | None = None,
    ) -> list[Delivery]:
        """Change title or body."""
        changes: Json = {}
        if title is not None:
            changes["title"] = {"from": pull.title}
            pull.title = title
        if body is not None:
            changes["body"] = {"from": pull.body}
            pull.body = body
        return self._tell_pull("edited", repository, pull, pull.user, changes)

    def merge_pull_request(
        self,
        repository: Repository,
        pull: Pull,
        *,
        merge_commit_sha: str,
        by: Account | None = None,
        at: datetime | None = None,
    ) -> list[Delivery]:
        """Merge by a commit that is there already: queues the push of the base branch, then closed."""
        when = self.world.when(at)
        ref = f"refs/heads/{pull.base_ref}"
        pull.base_sha = repository.history.commit_sha(ref) or pull.base_sha
        told = self.push(repository, ref, merge_commit_sha, at=at, by=by)
        pull.merge_commit_sha = merge_commit_sha
        pull.merged_at = pull.closed_at = pull.updated_at = when
        pull.merged_by = by or self.world.actor(repository.owner)
        return told + self._tell_pull("closed", repository, pull, pull.merged_by)

    def close_pull_request(
        self, repository: Repository, pull: Pull, *, at: datetime | None = None
    ) -> list[Delivery]:
        """Close without merging."""
        pull.closed_at = pull.updated_at = self.world.when(at)
        return self._tell_pull("closed", repository, pull, pull.user)

    def _tell_pull(
        self,
        action: str,
        repository: Repository,
        pull: Pull,
        sender: Account,
        changes: Json | None = None,
    ) -> list[Delivery]:
        world, shown = self.world, replace(pull)
        return world.tell(
            "pull_request",
            repository,
            lambda: payloads.pull_request(world, action, repository, shown, sender, changes),
        )
