"""`POST /graphql`: answers queries field by field; errors come with status 200."""

from functools import partial
from typing import Any

from demo.github.clock import utc
from demo.github.graph import repository_node
from demo.github.nodes import FieldError, Node
from demo.github.query import Field, Fragment, QueryError, parse_query
from demo.github.wire import ApiError, Json, Reply
from demo.github.world import Call


def answer(call: Call) -> Reply:
    """Answer one query; 404 while GraphQL is switched off."""
    if not call.world.graphql_enabled:
        raise ApiError(404, "Not Found")
    wish = call.request.json()
    errors: list[Json] = []
    try:
        selections = parse_query(str(wish.get("query") or ""), wish.get("variables") or {})
        data = _select(_root(call), selections, [], errors)
    except QueryError as error:
        return Reply({"errors": [{"message": str(error)}]})
    return Reply({"data": data, **({"errors": errors} if errors else {})})


def _root(call: Call) -> Node:
    return Node(
        "Query",
        {
            "repository": partial(_repository, call),
            "rateLimit": partial(_rate_limit, call),
        },
    )


def _repository(call: Call, owner: str, name: str) -> Node:
    found, _ = call.world.find_repository(owner, name)
    if found is None or not call.sees(found):
        raise FieldError(
            "NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'."
        )
    return repository_node(call, found)


def _rate_limit(call: Call) -> Node:
    budget = call.world.limits.budget(str(call.caller), "graphql")
    values = {"cost": 1, "nodeCount": 0, "resetAt": utc(budget.reset)}
    values |= {name: value for name, value in budget.json().items() if name != "reset"}
    return Node("RateLimit", values)


def _select(
    node: Node, selections: list[Field | Fragment], path: list[str | int], errors: list[Json]
) -> Json:
    found: Json = {}
    for selection in selections:
        if isinstance(selection, Fragment):
            if selection.type in (None, node.type, *node.interfaces):
                found |= _select(node, selection.selections, path, errors)
            continue
        here = [*path, selection.key]
        try:
            found[selection.key] = _render(node.get(selection), selection, here, errors)
        except FieldError as error:
            errors.append({"type": error.type, "path": here, "message": str(error)})
            found[selection.key] = None
    return found


def _render(value: Any, field: Field, path: list[str | int], errors: list[Json]) -> Any:
    if isinstance(value, list):
        return [_render(item, field, [*path, i], errors) for i, item in enumerate(value)]
    if isinstance(value, Node):
        if not field.selections:
            raise QueryError(f"Field must have selections (field '{field.name}')")
        return _select(value, field.selections, path, errors)
    if field.selections and value is not None:
        raise QueryError(f"Selections can't be made on scalars (field '{field.name}')")
    return value
