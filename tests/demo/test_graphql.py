"""GraphQL: history in slices, tags with their dates, errors with status 200."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.demo.conftest import Scene

HISTORY = """
query ($owner: String!, $name: String!, $size: Int = 100, $c: String, $tip: GitObjectID!) {
  repository(owner: $owner, name: $name) {
    h0: object(oid: $tip) {
      ... on Commit {
        history(first: $size, after: $c) {
          totalCount
          pageInfo { hasNextPage endCursor }
          nodes {
            oid message committedDate authoredDate
            author { name email user { login databaseId } }
            committer { name email }
            parents(first: 10) { totalCount nodes { oid } }
          }
        }
      }
    }
  }
  rateLimit { remaining resetAt cost }
}
"""
TAGS = """
query ($c: String) {
  repository(owner: "acme", name: "web") {
    refs(refPrefix: "refs/tags/", first: 2, after: $c) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        name
        target {
          __typename oid
          ... on Tag {
            tagger { date }
            target { __typename oid ... on Commit { committedDate } ... on Tag { oid } }
          }
          ... on Commit { committedDate }
        }
      }
    }
  }
}
"""


def query(scene: Scene, text: str, **variables: object) -> Any:
    """Ask as the product does."""
    _, data = scene.client.requester.graphql_query(text, variables)
    return data["data"]


def raw(scene: Scene, text: str, **variables: object) -> Any:
    answer = scene.ask("/graphql", "POST", {"query": text, "variables": variables})
    assert answer.status == 200
    return answer.data


def test_history_in_slices(scene: Scene) -> None:
    shas = scene.line(230)
    scene.github.user("ana", id=7, emails=["ana@acme.example"])
    found: list[Any] = []
    cursor = None
    while True:
        given = {"owner": "acme", "name": "web", "tip": shas[-1], "c": cursor}
        data = query(scene, HISTORY, **given)
        history = data["repository"]["h0"]["history"]
        found += history["nodes"]
        cursor = history["pageInfo"]["endCursor"]
        if not history["pageInfo"]["hasNextPage"]:
            break

    assert [node["oid"] for node in found] == shas[::-1]
    assert history["totalCount"] == 230
    assert found[0] == {
        "oid": shas[-1],
        "message": "c 229",
        "committedDate": "2024-01-01T00:00:00Z",
        "authoredDate": "2024-01-01T00:00:00Z",
        "author": {
            "name": "Ana Lima",
            "email": "ana@acme.example",
            "user": {"login": "ana", "databaseId": 7},
        },
        "committer": {"name": "Ana Lima", "email": "ana@acme.example"},
        "parents": {"totalCount": 1, "nodes": [{"oid": shas[-2]}]},
    }
    assert data["rateLimit"]["cost"] == 1
    assert data["rateLimit"]["remaining"] == 4997


def test_tags_with_their_dates(scene: Scene) -> None:
    zone = timezone(timedelta(hours=2))
    [tip] = scene.line(1)
    when = datetime(2024, 6, 1, 12, tzinfo=zone)
    inner = scene.git.tag("v1", tip, "One", date=when)
    outer = scene.git.tag_object("v2", inner, "Two", type_="tag", tagger=None)
    scene.git.update_refs({"refs/tags/v2": outer, "refs/tags/v3": tip})

    first = query(scene, TAGS)["repository"]["refs"]
    second = query(scene, TAGS, c=first["pageInfo"]["endCursor"])["repository"]["refs"]

    commit = {"__typename": "Commit", "oid": tip, "committedDate": "2024-01-01T00:00:00Z"}
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert first["nodes"] + second["nodes"] == [
        {
            "name": "v1",
            "target": {
                "__typename": "Tag",
                "oid": inner,
                "tagger": {"date": "2024-06-01T12:00:00+02:00"},
                "target": commit,
            },
        },
        {
            "name": "v2",
            "target": {
                "__typename": "Tag",
                "oid": outer,
                "tagger": None,
                "target": {"__typename": "Tag", "oid": inner},
            },
        },
        {"name": "v3", "target": commit},
    ]
    assert not second["pageInfo"]["hasNextPage"]


def test_tags_by_date(scene: Scene) -> None:
    for number, name in enumerate(("v2", "v3", "v1")):
        date = datetime(2024, 1, 1 + number, tzinfo=UTC)
        scene.git.tag(name, scene.git.commit({"a": name}, date=date))
    order = "orderBy: {field: TAG_COMMIT_DATE, direction: DESC}"
    text = '{repository(owner:"acme",name:"web"){refs(refPrefix:"refs/tags/",first:9,%s){nodes{name}}}}'

    nodes = query(scene, text % order)["repository"]["refs"]["nodes"]

    assert [node["name"] for node in nodes] == ["v1", "v3", "v2"]


def test_unknown_repositories_and_objects_are_null(scene: Scene) -> None:
    text = 'query($n:String!){repository(owner:"acme",name:$n){object(oid:"%s"){oid}}}' % ("0" * 40)

    missing = raw(scene, text, n="none")
    [error] = missing["errors"]

    assert (missing["data"], error["type"]) == ({"repository": None}, "NOT_FOUND")
    assert error["path"] == ["repository"]
    assert raw(scene, text, n="web")["data"] == {"repository": {"object": None}}


BAD = {
    "missing argument": ('{ repository(name: "x") { id } }', "argument: 'owner'"),
    "unknown argument": ("{ rateLimit(x: 1) { cost } }", "unexpected keyword argument 'x'"),
    "unknown field": ("{ nope }", "doesn't exist on type 'Query'"),
    "scalar with fields": ("{ rateLimit { cost { x } } }", "scalars"),
    "object without fields": ("{ rateLimit }", "must have selections"),
    "mutation": ("mutation { x }", "Only queries"),
    "unclosed": ("{ rateLimit { cost }", "Unexpected end"),
    "odd character": ("{ % }", "Unexpected character"),
    "undeclared variable": ("{ repository(owner: $o, name: $o) { id } }", "not declared"),
    "missing variable": ("query($o: String!) { rateLimit { cost } }", "invalid value"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_queries(scene: Scene, case: str) -> None:
    text, message = BAD[case]

    answer = raw(scene, text)

    assert "data" not in answer
    assert message in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("size", "kind"),
    [("", "MISSING_PAGINATION_BOUNDARIES"), (", first: 101", "EXCESSIVE_PAGINATION")],
)
def test_pages_have_a_size(scene: Scene, size: str, kind: str) -> None:
    text = '{repository(owner:"acme",name:"web"){refs(refPrefix:"refs/tags/"%s){totalCount}}}'

    answer = raw(scene, text % size)

    assert answer["errors"][0]["type"] == kind
    assert answer["data"] == {"repository": {"refs": None}}


def test_blame_by_ranges(scene: Scene) -> None:
    first = scene.git.commit({"a.py": "1\n2\n3\n4\n"}, message="one")
    day = datetime(2024, 2, 1, tzinfo=UTC)
    second = scene.git.commit({"a.py": "1\n2\nX\n4\n"}, parents=[first], date=day)
    text = """{ repository(owner: "acme", name: "web") { object(expression: "%s") { ... on Commit {
      old: blame(path: "none.py") { ranges { age } }
      new: blame(path: "a.py") { ranges { startingLine endingLine age commit { oid } } }
    } } } }"""

    answer = raw(scene, text % second)

    blamed = answer["data"]["repository"]["object"]
    assert blamed["old"] is None
    assert answer["errors"][0]["path"] == ["repository", "object", "old"]
    assert [tuple(item.values()) for item in blamed["new"]["ranges"]] == [
        (1, 2, 2, {"oid": first}),
        (3, 3, 1, {"oid": second}),
        (4, 4, 2, {"oid": first}),
    ]


def test_several_histories_under_aliases(scene: Scene) -> None:
    shas = scene.line(5)
    part = 'h%d: object(oid: "%s") { ... on Commit { history(first: 1) { totalCount } } }'
    parts = " ".join(part % (number, sha) for number, sha in enumerate(shas))

    found = query(scene, f'{{ repository(owner: "acme", name: "web") {{ {parts} }} }}')

    assert [found["repository"][f"h{n}"]["history"]["totalCount"] for n in range(5)] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_it_can_be_switched_off(scene: Scene) -> None:
    scene.github.graphql_enabled = False

    assert scene.ask("/graphql", "POST", {"query": "{rateLimit{cost}}"}).status == 404
    assert scene.ask("/api/graphql", "POST", {"query": "{rateLimit{cost}}"}).status == 404
