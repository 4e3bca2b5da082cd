"""Pages and the `Link` header, with URLs that name the repository by id, as GitHub's do."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

from demo.github.world import Call

T = TypeVar("T")


def number(call: Call, name: str, default: int, largest: int | None = None) -> int:
    """Return a positive number of the query; nonsense counts as absent, too much as *largest*."""
    text = call.request.query.get(name, "")
    value = int(text) if text.isdigit() and int(text) > 0 else default
    return min(value, largest) if largest else value


def cut(
    call: Call, items: Sequence[T], default: int = 30, largest: int = 100
) -> tuple[Sequence[T], dict[str, str]]:
    """Return the page that was asked for and its `Link` header."""
    size = number(call, "per_page", default, largest)
    page = number(call, "page", 1)
    last = max(1, -(-len(items) // size))
    return items[(page - 1) * size : page * size], link(call, page, last)


def link(call: Call, page: int, last: int) -> dict[str, str]:
    """Render the header, nothing when there is one page only."""
    relations: dict[str, int] = {}
    if page > 1:
        relations |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        relations |= {"next": page + 1, "last": last}
    address = stable_url(call)
    query = dict(call.request.query)
    parts = [
        f'<{address}?{urlencode(query | {"page": str(to)})}>; rel="{relation}"'
        for relation, to in relations.items()
    ]
    return {"Link": ", ".join(parts)} if parts else {}


def stable_url(call: Call) -> str:
    """Return the request's URL without query, in the form `/repositories/{id}/...`."""
    path = call.request.path
    if call.found and path.startswith("/repos/"):
        rest = path.split("/", 4)[4:]
        path = "/".join([f"/repositories/{call.found.id}", *rest])
    return call.roots.api + quote(path, safe="/!$&'()*+,;=:@")
