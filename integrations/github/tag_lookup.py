"""Where tags stand, asked of GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from domain.tag_updates import TagPosition
from integrations.github.client import InstallationClient
from integrations.github.errors import AccessDeniedError, NotFoundOnGitHubError
from integrations.github.fields import Fields

DEEPEST_TAG = 10  # a tag of a tag of a tag …

_TARGET = "__typename oid ... on Commit { committedDate }"
_TAG = "... on Tag { tagger { date } target { %s } }"
TAGS_QUERY = (
    "query($owner: String!, $name: String!, $after: String) {"
    " repository(owner: $owner, name: $name) {"
    ' refs(refPrefix: "refs/tags/", first: 100, after: $after) {'
    " totalCount pageInfo { hasNextPage endCursor }"
    f" nodes {{ name target {{ {_TARGET} {_TAG % (_TARGET + ' ' + _TAG % _TARGET)} }} }}"
    " } } }"
)


def look_up_tag(
    client: InstallationClient, repository_id: int, name: str, known_object: str | None
) -> TagPosition | None:
    """Where the tag stands now, with its exact date; None if GitHub has none of that name.

    One call when the ref's annotated object is known already and only its date is asked for; a
    lightweight tag takes its date from its commit. *repository_id* is GitHub's.
    """
    root = f"/repositories/{repository_id}"
    object_sha, kind = known_object, "tag"
    try:
        if object_sha is None:
            ref = Fields(client.get(f"{root}/git/ref/tags/{quote(name, safe='/')}").data)
            target = ref.object("object")
            object_sha, kind = target.sha("sha"), target.string("type")
        return _dereference(client, root, name, object_sha, kind)
    except NotFoundOnGitHubError as error:
        if error.status != 404:
            raise
    _verify_access(client, root)
    return None


def _verify_access(client: InstallationClient, root: str) -> None:
    """Raise AccessDeniedError if the repository itself is not shown: no access looks like absence."""
    try:
        client.get(root)
    except NotFoundOnGitHubError as error:
        raise AccessDeniedError(f"GitHub does not show the repository: {error}") from None


def _dereference(
    client: InstallationClient, root: str, name: str, object_sha: str, kind: str
) -> TagPosition | None:
    tagged_at: datetime | None = None
    sha = object_sha
    for _ in range(DEEPEST_TAG):
        if kind != "tag":
            break
        tag = Fields(client.get(f"{root}/git/tags/{sha}").data)
        if sha == object_sha:
            tagger = tag.optional_object("tagger")
            tagged_at = tagger.moment("date") if tagger else None
        sha, kind = tag.object("object").sha("sha"), tag.object("object").string("type")
    if kind != "commit":
        return None
    if tagged_at is None:
        commit = Fields(client.get(f"{root}/git/commits/{sha}").data)
        tagged_at = commit.object("committer").moment("date")
    if tagged_at is None:
        return None
    return TagPosition(name, sha, object_sha, tagged_at, is_exact=True)


def list_tags_page(
    client: InstallationClient, full_name: str, after: str | None
) -> tuple[list[TagPosition], str | None, int]:
    """A hundred tags with their dates in one GraphQL call: positions, next cursor, number of all."""
    owner, _, name = full_name.partition("/")
    data = client.graphql(TAGS_QUERY, {"owner": owner, "name": name, "after": after})
    refs = Fields(data).object("repository").object("refs")
    positions = [
        position for node in refs.objects("nodes") if (position := _from_graphql(node)) is not None
    ]
    page = refs.object("pageInfo")
    total = refs.value.get("totalCount")
    cursor = page.optional_string("endCursor") if page.flag("hasNextPage") else None
    return positions, cursor, total if isinstance(total, int) else 0


def _from_graphql(node: Fields) -> TagPosition | None:
    target = node.object("target")
    object_sha = target.sha("oid")
    tagger = target.optional_object("tagger")
    made_at = tagger.moment("date") if tagger else None
    for _ in range(DEEPEST_TAG):
        if target.string("__typename") != "Tag" or not target.has("target"):
            break
        target = target.object("target")
    if target.string("__typename") != "Commit":
        return None
    made_at = made_at or target.moment("committedDate")
    if made_at is None:
        return None
    name = node.name("name", 512)
    return TagPosition(name, target.sha("oid"), object_sha, made_at, is_exact=True)


def list_tags_by_rest(client: InstallationClient, repository_id: int) -> Iterator[dict[str, Any]]:
    """Every tag as {name, sha, object_sha} without dates, where there is no GraphQL.

    The refs say what each holds, the tag list which commit that leads to: two lists, no call a tag.
    """
    root = f"/repositories/{repository_id}"
    objects = {
        fields.string("ref").removeprefix("refs/tags/"): fields.object("object").sha("sha")
        for page in client.pages(f"{root}/git/matching-refs/tags/")
        for fields in (Fields(item) for item in page)
    }
    for page in client.pages(f"{root}/tags"):
        for fields in (Fields(item) for item in page):
            name = fields.name("name", 512)
            sha = fields.object("commit").sha("sha")
            yield {"name": name, "sha": sha, "object_sha": objects.get(name, sha)}
