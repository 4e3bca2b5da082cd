"""What webhook payloads say, apart from pushes."""

from demo.github.accounts import Account
from demo.github.app import Installation
from demo.github.pulls import Pull
from demo.github.releases import Release
from demo.github.repositories import Repository
from demo.github.wire import Json
from demo.github.world import World


def common(world: World, repository: Repository, sender: Account) -> Json:
    """Return what every payload about a repository ends with, `installation` excepted."""
    owner = repository.owner
    organization = owner.type == "Organization"
    return {
        "repository": repository.json(world.roots),
        **({"organization": owner.organization_json(world.roots)} if organization else {}),
        "sender": sender.json(world.roots),
    }


def create(world: World, repository: Repository, ref: str, sender: Account) -> Json:
    """Describe a new branch or tag: by its short name, without a sha."""
    return {
        **_short(ref),
        "full_ref": ref,
        "master_branch": repository.default_branch,
        "description": repository.description,
        "pusher_type": "user",
        **common(world, repository, sender),
    }


def delete(world: World, repository: Repository, ref: str, sender: Account) -> Json:
    """Describe a deleted branch or tag."""
    return {
        **_short(ref),
        "full_ref": ref,
        "pusher_type": "user",
        **common(world, repository, sender),
    }


def installation(
    world: World, action: str, installed: Installation, repositories: list[Repository]
) -> Json:
    """Describe an installation that was made, removed, suspended or unsuspended."""
    return {
        "action": action,
        "installation": installed.json(world.roots),
        "repositories": [repository.brief() for repository in repositories],
        **({"requester": None} if action == "created" else {}),
        "sender": _installer(world, action, installed).json(world.roots),
    }


def selection(
    world: World,
    installed: Installation,
    added: list[Repository],
    removed: list[Repository],
) -> Json:
    """Describe repositories added to or removed from an installation."""
    return {
        "action": "added" if added else "removed",
        "installation": installed.json(world.roots),
        "repository_selection": installed.selection,
        "repositories_added": [repository.brief() for repository in added],
        "repositories_removed": [repository.brief() for repository in removed],
        "requester": None,
        "sender": world.actor(installed.account).json(world.roots),
    }


def release(
    world: World,
    action: str,
    repository: Repository,
    published: Release,
    sender: Account,
    changes: Json | None = None,
) -> Json:
    """Describe what happened to a release."""
    return {
        "action": action,
        **({} if changes is None else {"changes": changes}),
        "release": published.json(repository, world.roots) | {"reactions": _reactions()},
        **common(world, repository, sender),
    }


def pull_request(
    world: World,
    action: str,
    repository: Repository,
    pull: Pull,
    sender: Account,
    changes: Json | None = None,
) -> Json:
    """Describe what happened to a pull request."""
    shown = pull.full_json(repository, world.roots)
    for side in ("head", "base"):
        # Payloads name the merge settings here, which repositories elsewhere leave out.
        shown[side] = shown[side] | {"repo": shown[side]["repo"] | _MERGING}
    return {
        "action": action,
        "number": pull.number,
        **({} if changes is None else {"changes": changes}),
        "pull_request": shown,
        **common(world, repository, sender),
    }


def repository(
    world: World, action: str, changed: Repository, sender: Account, changes: Json | None = None
) -> Json:
    """Describe what happened to a repository."""
    return {
        "action": action,
        **({} if changes is None else {"changes": changes}),
        **common(world, changed, sender),
    }


def ping(world: World) -> Json:
    """Describe the App's own webhook."""
    app = world.app
    config = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return {
        "zen": "Keep it logically awesome.",
        "hook_id": app.hook_id,
        "hook": {
            "type": "App",
            "id": app.hook_id,
            "name": "web",
            "active": True,
            "events": app.events,
            "config": config | {"url": app.hook_url},
            "updated_at": "2024-01-01T00:00:00Z",
            "created_at": "2024-01-01T00:00:00Z",
            "app_id": app.app_id,
            "deliveries_url": f"{world.roots.api}/app/hook/deliveries",
        },
    }


_MERGING: Json = {
    **dict.fromkeys(("allow_squash_merge", "allow_merge_commit", "allow_rebase_merge"), True),
    **dict.fromkeys(("allow_auto_merge", "delete_branch_on_merge", "allow_update_branch"), False),
    "use_squash_pr_title_as_default": False,
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "merge_commit_message": "PR_TITLE",
    "merge_commit_title": "MERGE_MESSAGE",
}


def _installer(world: World, action: str, installed: Installation) -> Account:
    """Return who did it: the one who installed, or for all else an owner."""
    by = installed.installed_by if action == "created" else None
    return by or world.actor(installed.account)


def _short(ref: str) -> Json:
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    return {"ref": ref.split("/", 2)[2], "ref_type": kind}


def _reactions() -> Json:
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": "https://api.github.com/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}
