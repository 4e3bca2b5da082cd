"""Keys compare as the orders that they stand for: sentry-api.md 3.3, for databases."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.tags import Order, OrderPart, make_order
from domain.version_keys import (
    NO_VERSION,
    encode_components,
    encode_order,
    encode_precedence,
    semver_key_of,
)
from domain.versions import find_order

# Short and of few letters, so that equal ones and prefixes of each other come up.
DIGITS = st.text("0129", min_size=1, max_size=3) | st.integers(0, 10**300).map(str)
SUFFIXES = st.text("ab01.-+\x00\xffß\U0001f600\ud800", max_size=6) | st.text(max_size=8)
ORDERS = st.builds(make_order, st.lists(DIGITS, min_size=1, max_size=4).map(".".join), SUFFIXES)
PARTS: st.SearchStrategy[OrderPart] = st.one_of(
    st.text("0123456789", max_size=300).map(lambda text: (0, len(text), text)),
    st.text("\x00\x01a\xff", max_size=3).map(lambda text: (1, 0, text)),
    st.just((-1, 0, "")),
)
TUPLES: st.SearchStrategy[Order] = st.tuples(
    st.lists(PARTS, max_size=3).map(tuple),
    st.sampled_from([-1, 0, 1]),
    st.lists(PARTS, max_size=3).map(tuple),
    PARTS,
)


@given(ORDERS | TUPLES, ORDERS | TUPLES)
@example(make_order("1", "+a"), make_order("1", "+a\x00"))
@example(make_order("1." + 254 * "9", ""), make_order("1." + 255 * "9", ""))
def test_keys_compare_as_orders(left: Order, right: Order) -> None:
    assert (encode_order(left) < encode_order(right)) == (left < right)
    assert (encode_order(left) == encode_order(right)) == (left == right)


@given(ORDERS | TUPLES, ORDERS | TUPLES)
def test_what_precedes_the_build_code_is_a_prefix(left: Order, right: Order) -> None:
    prefix = encode_precedence(left)
    assert encode_order(right).startswith(prefix) == (right[:3] == left[:3])
    components = encode_components(left[0])
    begins = right[0][: len(left[0])] == left[0]
    assert encode_order(right).startswith(components) == begins


@given(st.text(max_size=20) | st.from_regex(r"[a-z]?@?[0-9.]{1,6}[-+a-z0-9]{0,6}", fullmatch=True))
def test_only_names_without_an_order_have_no_key(name: str) -> None:
    assert (semver_key_of(name) == NO_VERSION) == (find_order(name) is None)


ASCENDING = [
    *("no version", "web@1.0-a2", "api@1.0-beta.2", "web@1.0-beta.11", "web@1.0-rc2"),
    *("web@1.0-rc10", "web@1.0", "web@1.0+2", "web@1.0.0+10", "web@1.0+a", "web@1.0.post1"),
    *("web@1.0.0.1", "api@1.2", "web@1.10", "2.0.1", "web@10"),
]


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(ASCENDING)))
def test_the_order_of_versions(lower: str, higher: str) -> None:
    assert semver_key_of(lower) < semver_key_of(higher)
