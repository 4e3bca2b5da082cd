from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_data import parse_event
from domain.grouping import Grouping, group
from domain.stable_names import find_root, parametrise, stable_function, stable_path
from tests.events import make_body, make_exception, make_frame
from tests.factories import NOW

NAMES = st.from_regex(r"[a-z][a-z_]{2,10}[a-z]", fullmatch=True).filter(
    lambda name: name not in ("anonymous", "unknown")
)
SEGMENTS = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True).filter(
    lambda name: name not in ("node_modules", "site-packages", "dist-packages", "gems", ".", "..")
)
ROOTS = st.lists(SEGMENTS, max_size=5).map(lambda names: "/".join(["", *names, ""]))
STACKS = st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6)


def grouped(**given: Any) -> Grouping:
    return group(parse_event(make_body(**given), now=NOW))


def by_frames(*frames: dict[str, Any], type_: str = "IndexError") -> str:
    return grouped(exception=[make_exception(type_, *frames)]).hash


def by_value(value: str, type_: str = "IndexError") -> str:
    return grouped(exception=[{"type": type_, "value": value}]).hash


def by_text(text: str) -> str:
    return grouped(exception=None, message=text).hash


def node_frame(path: str, function: str | None = "handle", **given: Any) -> dict[str, Any]:
    return {"filename": path, "function": function, "in_app": True, "lineno": 3, **given}


def node(*paths: str, function: str | None = "handle") -> str:
    frames = [node_frame(path, function) for path in paths]
    return grouped(exception=[{"type": "E", "stacktrace": {"frames": frames}}]).hash


SAME: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "another line": (
        lambda: by_frames(make_frame(lineno=1)),
        lambda: by_frames(make_frame(lineno=99, colno=4)),
    ),
    "another value": (
        lambda: grouped(exception=[make_exception()]).hash,
        lambda: grouped(exception=[{**make_exception(), "value": "other"}]).hash,
    ),
    "other variables and source": (
        lambda: by_frames(make_frame()),
        lambda: by_frames(make_frame(vars={"a": "1"}, context_line="    return 1")),
    ),
    "other frames of libraries": (
        lambda: by_frames(make_frame()),
        lambda: by_frames(make_frame("x", module="werkzeug.y", in_app=False), make_frame()),
    ),
    "a deeper recursion": (
        lambda: by_frames(*[make_frame("walk")] * 3, make_frame("leaf")),
        lambda: by_frames(*[make_frame("walk")] * 30, make_frame("leaf")),
    ),
    "a recursion of two": (
        lambda: by_frames(*[make_frame("odd"), make_frame("even")] * 2),
        lambda: by_frames(*[make_frame("odd"), make_frame("even")] * 9),
    ),
    "node in another directory": (
        lambda: node("/srv/app/routes/a.js", "/srv/app/t.js"),
        lambda: node("/home/ana/shop/routes/a.js", "/home/ana/shop/t.js"),
    ),
    "node on Windows": (
        lambda: node("/srv/app/routes/a.js", "/srv/app/t.js"),
        lambda: node("C:\\shop\\routes\\a.js", "C:\\shop\\t.js"),
    ),
    "node above its packages": (
        lambda: node("/srv/a/node_modules/express@4.18.2/x.js", "/srv/a/lib/t.js"),
        lambda: node("/b/node_modules/express@4.19.0/x.js", "/b/lib/t.js"),
    ),
    "a bundle of another build": (
        lambda: node("https://cdn.example/static/main.3f2a1b9c.js?v=1"),
        lambda: node("https://other.example/static/main.77e0d1aa.js"),
    ),
    "a bundle of another build by Vite": (
        lambda: node("https://shop.example/assets/index-BZxQ_kZL.js"),
        lambda: node("https://shop.example/assets/index-C4dk-1Qa.js"),
    ),
    "a bundle of another build by esbuild": (
        lambda: node("https://shop.example/chunk-3SUGYWGO.js"),
        lambda: node("https://shop.example/chunk-QLWGRFTN.js"),
    ),
    "another build of Next.js": (
        lambda: node("https://shop.example/_next/static/Kz3uPDJ8xJ1x8jLkhf0aA/pages/cart.js"),
        lambda: node("https://shop.example/_next/static/p8RrDGbZ1oK3NNHqJxj0w/pages/cart.js"),
    ),
    "an anonymous class of PHP on another line": (
        lambda: by_frames(make_frame("class@anonymous\0/srv/1/src/Cart.php:20$14::run")),
        lambda: by_frames(make_frame("class@anonymous\0/app/src/Cart.php:31$3f::run")),
    ),
    "an asynchronous method of C# with another counter": (
        lambda: by_frames(make_frame("<Total>d__3.MoveNext")),
        lambda: by_frames(make_frame("<Total>d__12.MoveNext")),
    ),
    "a closure of C# with another counter": (
        lambda: by_frames(make_frame("<>c__DisplayClass3_0.<Total>b__2")),
        lambda: by_frames(make_frame("<>c__DisplayClass14_1.<Total>b__0_7")),
    ),
    "a package of another version": (
        lambda: node("/usr/lib/python3.11/site-packages/shop-1.2.0/cart.py"),
        lambda: node("/opt/venv/lib/python3.13/site-packages/shop-1.3.1/cart.py"),
    ),
    "a lambda with another counter": (
        lambda: by_frames(make_frame("lambda$main$0", module="shop.Main")),
        lambda: by_frames(make_frame("lambda$main$7", module="shop.Main")),
    ),
    "a generated class": (
        lambda: by_frames(make_frame(module="shop.Cart$$Lambda$14/0x0000a8")),
        lambda: by_frames(make_frame(module="shop.Cart$$Lambda$21/0x0000b9")),
    ),
    "a function literal in Go": (
        lambda: by_frames(make_frame("main.func1", module="main.x")),
        lambda: by_frames(make_frame("main.func2", module="main.x")),
    ),
    "numbers in the value, without frames": (
        lambda: by_value("user 5 at 0x7fffaa12"),
        lambda: by_value("user 71 at 0x7fff0001"),
    ),
    "numbers in a message": (
        lambda: by_text("took 5 ms for 10.0.0.1"),
        lambda: by_text("took 17 ms for 10.0.0.2"),
    ),
    "dates, ids and quoted words in a message": (
        lambda: by_text("2026-01-05T10:00:00Z no 'cart' for 550e8400-e29b-41d4-a716-446655440000"),
        lambda: by_text("2025-11-30T08:12:01Z no 'shop' for 6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    ),
    "what was put into a template": (
        lambda: grouped(exception=None, logentry={"message": "no %s", "params": ["a"]}).hash,
        lambda: grouped(exception=None, logentry={"message": "no %s", "params": ["b"]}).hash,
    ),
    "an exception that the SDK made up": (
        lambda: grouped(exception=[{**make_exception("A"), "mechanism": {"synthetic": True}}]).hash,
        lambda: grouped(exception=[{**make_exception("B"), "mechanism": {"synthetic": True}}]).hash,
    ),
    "the SDK's fingerprint": (
        lambda: grouped(fingerprint=["x"]).hash,
        lambda: grouped(fingerprint=["x"], exception=[make_exception("Other")]).hash,
    ),
    "the default fingerprint": (
        lambda: grouped().hash,
        lambda: grouped(fingerprint=["{{default}}"]).hash,
    ),
}
DIFFERENT: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "files whose names end in eight letters": (
        lambda: node("https://shop.example/assets/shop-UserList.js"),
        lambda: node("https://shop.example/assets/shop-UserView.js"),
    ),
    "files whose names end in a word of eight letters": (
        lambda: node("https://shop.example/assets/shop-checkout.js"),
        lambda: node("https://shop.example/assets/shop-register.js"),
    ),
    "methods of anonymous classes of PHP": (
        lambda: by_frames(make_frame("class@anonymous\0/srv/1/src/Cart.php:20$14::run")),
        lambda: by_frames(make_frame("class@anonymous\0/srv/1/src/Cart.php:20$14::stop")),
    ),
    "another type": (
        lambda: by_frames(make_frame()),
        lambda: by_frames(make_frame(), type_="KeyError"),
    ),
    "another function": (
        lambda: by_frames(make_frame("a")),
        lambda: by_frames(make_frame("b")),
    ),
    "another module": (
        lambda: by_frames(make_frame(module="shop.a")),
        lambda: by_frames(make_frame(module="shop.b")),
    ),
    "another file in node": (
        lambda: node("/srv/app/t.js", "/srv/app/routes/a.js"),
        lambda: node("/srv/app/t.js", "/srv/app/routes/b.js"),
    ),
    "another cause": (
        lambda: grouped(exception=[make_exception("A"), make_exception("Z")]).hash,
        lambda: grouped(exception=[make_exception("B"), make_exception("Z")]).hash,
    ),
    "nameless functions on other lines of source": (
        lambda: by_frames(make_frame("<lambda>", context_line="f = lambda: a[0]")),
        lambda: by_frames(make_frame("<lambda>", context_line="g = lambda: b[1]")),
    ),
    "another template": (
        lambda: grouped(exception=None, logentry={"message": "no %s", "params": ["a"]}).hash,
        lambda: grouped(exception=None, logentry={"message": "a %s", "params": ["a"]}).hash,
    ),
    "another message": (lambda: by_text("no cart"), lambda: by_text("no shop")),
    "another value, without frames": (lambda: by_value("no cart"), lambda: by_value("no shop")),
    "another fingerprint": (
        lambda: grouped(fingerprint=["x"]).hash,
        lambda: grouped(fingerprint=["y"]).hash,
    ),
    "the default within a fingerprint": (
        lambda: grouped(fingerprint=["{{ default }}", "x"]).hash,
        lambda: (
            grouped(fingerprint=["{{ default }}", "x"], exception=[make_exception("Other")]).hash
        ),
    ),
    "nothing but the place": (
        lambda: grouped(exception=None, transaction="/cart").hash,
        lambda: grouped(exception=None, transaction="/shop").hash,
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_one_problem(one: Callable[[], str], other: Callable[[], str]) -> None:
    assert one() == other()


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_two_problems(one: Callable[[], str], other: Callable[[], str]) -> None:
    assert one() != other()


@pytest.mark.parametrize(
    ("given", "rule", "words"),
    [
        (
            {},
            "stack",
            "the type IndexError and the application's own frames: total in shop.cart",
        ),
        (
            {"exception": [make_exception("A"), make_exception("Z")]},
            "stack",
            "the type Z after A and the application's own frames: total in shop.cart",
        ),
        (
            {"exception": [{"stacktrace": {"frames": [make_frame(in_app=False)]}}]},
            "stack",
            "the frames: total in shop.cart",
        ),
        (
            {"exception": [{"type": "E", "value": "no 5"}]},
            "exception",
            "the type E and the message “no <number>” without what varies, as there are no frames",
        ),
        (
            {"exception": None, "logentry": {"message": "no %s", "params": [1]}},
            "template",
            "the message as the program wrote it: “no %s”",
        ),
        (
            {"exception": None, "message": "no 5"},
            "message",
            "the message without what varies: “no <number>”",
        ),
        ({"exception": None, "transaction": "/cart"}, "place", "where it happened: /cart"),
        ({"exception": None}, "nothing", "having neither error, message nor place"),
        (
            {"fingerprint": ["a", "{{ default }}"], "exception": None, "message": "b"},
            "fingerprint",
            "the fingerprint that the SDK set: “a”, “{{ default }}”, where the default stands "
            "for the message without what varies: “b”",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_grouping_says_why(given: dict[str, Any], rule: str, words: str) -> None:
    found = grouped(**given)

    assert (found.rule, found.explanation) == (rule, words)


def test_of_many_frames_the_innermost_are_named() -> None:
    frames = [make_frame(name) for name in ("a", "b", "c", "d", "e", "f", "g")]

    words = grouped(exception=[make_exception("E", *frames)]).explanation

    assert words.endswith(
        "g in shop.cart, f in shop.cart, e in shop.cart, d in shop.cart, c in shop.cart and 2 more"
    )


def in_node(root: str, stack: list[tuple[str, str]], lines: int) -> dict[str, Any]:
    frames = [
        node_frame(f"{root}{file}.js", function, lineno=lines + number)
        for number, (file, function) in enumerate(stack)
    ]
    return {"type": "E", "value": f"{root} {lines}", "stacktrace": {"frames": frames}}


@given(STACKS, ROOTS, ROOTS, st.integers(0, 9999), st.integers(0, 9999), st.randoms())
def test_lines_roots_and_the_order_of_keys_do_not_matter(
    stack: list[tuple[str, str]],
    root: str,
    other_root: str,
    lines: int,
    other_lines: int,
    order: random.Random,
) -> None:
    body = make_body(exception=[in_node(root, stack, lines)], tags={"a": "b"}, extra={"x": 1})
    other = make_body(exception=[in_node(other_root, stack, other_lines)], release="x")
    keys = list(other)
    order.shuffle(keys)
    other = {key: other[key] for key in keys}

    one, same = (group(parse_event(each, now=NOW)) for each in (body, other))

    assert one.hash == same.hash
    assert one.explanation == same.explanation


@given(STACKS, NAMES, NAMES)
def test_type_and_functions_do_matter(stack: list[tuple[str, str]], name: str, other: str) -> None:
    if name == other:
        return
    key = by_frames(*(make_frame(function) for _, function in stack), make_frame(name))
    changed = by_frames(*(make_frame(function) for _, function in stack), make_frame(other))
    functions = {function for _, function in stack}

    assert (key == changed) is ({name, other} <= functions)
    assert by_frames(make_frame(), type_=name) != by_frames(make_frame(), type_=other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User 5 not found", "User <number> not found"),
        ("-1.5e-3 of 1,000", "<number> of <number>"),
        ("abc123 v2 utf8", "abc123 v2 utf8"),
        ("5ms", "<number>ms"),
        ("at 2026-01-05 10:00:00,123", "at <date>"),
        ("at 10:00:00", "at <date>"),
        ("0xDEADBEEF deadbeef1 decade", "<hex> <hex> decade"),
        ("10.0.0.1:80 fe80:0:0:0:1:2:3:4", "<ip> <ip>"),
        ("to ana@shop.example", "to <email>"),
        ("can't open 'a b' or \"c\"", "can't open <text> or <text>"),
        ("  a \n b  ", "a b"),
        ("", ""),
    ],
)
def test_messages_without_what_varies(text: str, expected: str) -> None:
    assert parametrise(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("total", "total"),
        ("handler2", "handler2"),
        ("<lambda>", None),
        ("?", None),
        (None, None),
        ("Object.<anonymous>", "Object.<anonymous>"),
        ("Cart.total [as sum]", "Cart.total"),
        ("{closure#3}", "{closure#}"),
        (r"{closure:Shop\Cart::total():12}", r"{closure:Shop\Cart::total()}"),
        ("{closure:/srv/1/src/cart.php:12}", "{closure:}"),
        ("main.func1.2", "main.func"),
        ("A$$EnhancerByX$$1a2b3c4d", "A$$EnhancerByX$$"),
    ],
)
def test_functions_without_counters(name: str | None, expected: str | None) -> None:
    assert stable_function(name) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("flask/app.py", "flask/app.py"),
        ("/srv/app/t.js", "srv/app/t.js"),
        ("./src/../a.js", "src/../a.js"),
        ("webpack:///./src/a.js", "src/a.js"),
        ("file:///srv/t.js", "srv/t.js"),
        ("assets/index-DkX9f2aQ.js", "assets/index-*.js"),
        ("app/v1.2.3/x.rb", "app/*/x.rb"),
        ("/x/gems/rails-7.0.1/lib/a.rb", "rails-*/lib/a.rb"),
        ("facade/decade.py", "facade/decade.py"),
        ("node:internal/process", "node:internal/process"),
    ],
)
def test_paths_without_builds(path: str, expected: str) -> None:
    assert stable_path(path) == expected


@pytest.mark.parametrize(
    ("own", "stack", "expected"),
    [
        (["/a/b/c.js", "/a/d.js"], [], "/a/"),
        (["/a/b/c.js"], [], "/a/b/"),
        (["/a/b/c.js", "relative.js"], [], "/a/b/"),
        (["relative.js"], [], "/"),
        (["/a/b/c.js"], ["/a/node_modules/x/y.js"], "/a/"),
        (["/a/b.py"], ["/usr/lib/site-packages/x.py"], "/a/"),
        ([], [], "/"),
    ],
)
def test_where_a_stack_was_built(own: list[str], stack: list[str], expected: str) -> None:
    assert find_root(own, stack) == expected
