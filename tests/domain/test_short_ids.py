import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.short_ids import canonical_short_id, format_short_id, parse_short_id

SLUGS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
NUMBERS = st.integers(1, 2**63 - 1)

FORMATTED = {
    "first": ("app", 1, "APP-1"),
    "last digit": ("app", 31, "APP-Z"),
    "two digits": ("app", 32, "APP-10"),
    "example": ("shop", 317, "SHOP-9X"),
    "slug with hyphens": ("my-app", 18, "MY-APP-J"),
    "largest": ("a", 2**63 - 1, "A-7ZZZZZZZZZZZZ"),
}


@pytest.mark.parametrize(("slug", "number", "short_id"), FORMATTED.values(), ids=FORMATTED.keys())
def test_formatted_and_read_back(slug: str, number: int, short_id: str) -> None:
    assert format_short_id(slug, number) == short_id
    assert parse_short_id(short_id) == (slug, number)


PARSED = {
    "lower case": ("shop-9x", ("shop", 317)),
    "O is 0": ("app-1O", ("app", 32)),
    "I and L are 1": ("app-iL", ("app", 33)),
    "leading zeros": ("app-001", ("app", 1)),
    "underscore": ("app_1", ("app", 1)),
    "space": ("app 1", ("app", 1)),
    "last separator": ("my-app_x-1", ("my-app_x", 1)),
    "white space around": (" app-1\n", ("app", 1)),
    "digits only": ("1-1", ("1", 1)),
    "U": ("app-U", None),
    "zero": ("app-0", None),
    "beyond 63 bits": ("app-8000000000000", None),
    "too many digits": ("app-" + "1" * 50, None),
    "no slug": ("-1", None),
    "no number": ("app-", None),
    "no separator": ("app1", None),
    "a full stop": ("app.x-1", None),
    "other digits": ("app-٣", None),
    "space inside the slug": ("my app-1", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("text", "parsed"), PARSED.values(), ids=PARSED.keys())
def test_parse_short_id(text: str, parsed: tuple[str, int] | None) -> None:
    assert parse_short_id(text) == parsed


def test_spellings_of_one_issue_are_one() -> None:
    assert {canonical_short_id(text) for text in ("SHOP-IO", "shop_1o", "shop l0")} == {"SHOP-10"}
    assert canonical_short_id("shop") is None


@pytest.mark.parametrize("number", [0, -1])
def test_numbers_begin_at_one(number: int) -> None:
    with pytest.raises(ValueError, match="begin at 1"):
        format_short_id("app", number)


@given(SLUGS, NUMBERS)
def test_every_short_id_reads_back(slug: str, number: int) -> None:
    assert parse_short_id(format_short_id(slug, number)) == (slug, number)


@given(st.text())
def test_canonical_form_is_stable(text: str) -> None:
    canonical = canonical_short_id(text)
    assert canonical is None or canonical_short_id(canonical) == canonical
