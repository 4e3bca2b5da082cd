import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text import clean_text

ANY_TEXT = st.text(st.characters(exclude_categories=[]))

CASES = {
    "plain": ("Ana", None, "Ana"),
    "empty": ("", 5, ""),
    "nul": ("A\x00na", None, "Ana"),
    "lone surrogate": ("A\ud800na\udfff", None, "Ana"),
    "beyond the basic plane": ("🚢", None, "🚢"),
    "other controls stay": ("a\tb\n\x01", None, "a\tb\n\x01"),
    "limit": ("abc", 2, "ab"),
    "limit counts what is left": ("\x00\x00abc", 2, "ab"),
    "limit of nothing": ("abc", 0, ""),
}


@pytest.mark.parametrize(("text", "limit", "clean"), CASES.values(), ids=CASES.keys())
def test_clean_text(text: str, limit: int | None, clean: str) -> None:
    assert clean_text(text, limit) == clean


@given(ANY_TEXT, st.none() | st.integers(0, 20))
def test_what_is_left_can_be_stored(text: str, limit: int | None) -> None:
    clean = clean_text(text, limit)
    assert b"\x00" not in clean.encode()
    assert clean_text(clean, limit) == clean
    assert limit is None or len(clean) <= limit
