"""Refs, tags and branches."""

from demo.github import paging
from demo.github.commits import commit_json, person
from demo.github.git import Ref, is_ref_name
from demo.github.wire import ApiError, Json, Reply
from demo.github.world import Call


def ref_json(call: Call, ref: Ref) -> Json:
    """Render a ref with what it points at, which is the tag object for an annotated tag."""
    api = call.repository.api(call.roots)
    return {
        "ref": ref.name,
        "node_id": f"REF_{call.repository.id}_{ref.name}",
        "url": f"{api}/git/{ref.name}",
        "object": {"sha": ref.sha, "type": ref.type, "url": f"{api}/git/{ref.type}s/{ref.sha}"},
    }


def get_ref(call: Call, ref: str) -> Reply:
    """`GET /git/ref/{ref}`: the whole name or 404."""
    return Reply(ref_json(call, _find(call, f"refs/{ref}")))


def matching_refs(call: Call, ref: str = "") -> Reply:
    """`GET /git/matching-refs/{ref}`: all whose names start so, be it in mid-word; `[]` when none."""
    start = f"refs/{ref}"
    folder = start[: start.rindex("/") + 1]
    found = [item for item in call.repository.git.refs(folder) if item.name.startswith(start)]
    page, headers = paging.cut(call, found)
    return Reply([ref_json(call, item) for item in page], headers=headers)


def get_tag(call: Call, sha: str) -> Reply:
    """`GET /git/tags/{sha}`: an annotated tag by the sha of its object."""
    tag = call.repository.history.tag(sha)
    if tag is None:
        raise ApiError(404, "Not Found")
    api = call.repository.api(call.roots)
    kind, target = tag.target_type, tag.target
    missing = {"name": "", "email": "", "date": "1970-01-01T00:00:00Z"}
    return Reply(
        {
            "node_id": f"TA_{call.repository.id}_{sha}",
            "sha": sha,
            "url": f"{api}/git/tags/{sha}",
            "tag": tag.name,
            "message": tag.message,
            "tagger": person(tag.tagger) if tag.tagger else missing,
            "object": {"sha": target, "type": kind, "url": f"{api}/git/{kind}s/{target}"},
        }
    )


def list_tags(call: Call) -> Reply:
    """`GET /tags`: dereferenced, by name and not by date."""
    tags = [ref for ref in call.repository.git.refs("refs/tags/") if ref.commit]
    page, headers = paging.cut(call, tags)
    return Reply([_tag_json(call, ref) for ref in page], headers=headers)


def list_branches(call: Call) -> Reply:
    """`GET /branches`."""
    page, headers = paging.cut(call, call.repository.git.refs("refs/heads/"))
    return Reply([_branch_json(call, ref) for ref in page], headers=headers)


def get_branch(call: Call, branch: str) -> Reply:
    """`GET /branches/{branch}`, with the whole commit at its tip."""
    ref = _find(call, f"refs/heads/{branch}")
    api, web = call.repository.api(call.roots), call.repository.web(call.roots)
    return Reply(
        _branch_json(call, ref)
        | {
            "commit": commit_json(call, call.repository.history.commit(ref.sha)),
            "_links": {"self": f"{api}/branches/{branch}", "html": f"{web}/tree/{branch}"},
            "protection": {"enabled": False},
            "protection_url": f"{api}/branches/{branch}/protection",
        }
    )


def _find(call: Call, name: str) -> Ref:
    found = call.repository.git.refs(name) if is_ref_name(name) else []
    exact = [ref for ref in found if ref.name == name]
    if not exact:
        raise ApiError(404, "Not Found")
    return exact[0]


def _tag_json(call: Call, ref: Ref) -> Json:
    api, name = call.repository.api(call.roots), ref.name.removeprefix("refs/tags/")
    return {
        "name": name,
        "zipball_url": f"{api}/zipball/{ref.name}",
        "tarball_url": f"{api}/tarball/{ref.name}",
        "commit": {"sha": ref.commit, "url": f"{api}/commits/{ref.commit}"},
        "node_id": f"REF_{call.repository.id}_{ref.name}",
    }


def _branch_json(call: Call, ref: Ref) -> Json:
    url = f"{call.repository.api(call.roots)}/commits/{ref.sha}"
    name = ref.name.removeprefix("refs/heads/")
    return {"name": name, "commit": {"sha": ref.sha, "url": url}, "protected": False}
