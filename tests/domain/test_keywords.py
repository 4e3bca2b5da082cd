"""Words of an organization's own: what they may be, and that the grammar stays the same with them."""

from __future__ import annotations

import pytest

from domain.errors import InvalidError
from domain.keywords import KEYWORD_LENGTH, MOST_KEYWORDS, STANDARD, verify_keywords
from domain.references import find_references, list_candidates
from tests.domain.test_references import HOSTILE, is_linear

OWN = ("behebt", "löst", "hot-fix", "fix", "a", "a-b", "v2fix")


def name_issues(text: str, *words: str) -> list[str | None]:
    found = find_references(text, is_known={"APP-1", "APP-2"}.__contains__, keywords=words)
    return [reference.short_id for reference in found]


def test_words_are_lowered_and_kept_once_in_order() -> None:
    assert verify_keywords(["Ships", " löst ", "", "ships", "hot-fix", "v2"]) == (
        *("ships", "löst", "hot-fix", "v2"),
    )
    assert verify_keywords(STANDARD) == STANDARD
    assert verify_keywords(["lo\u0308st"]) == ("löst",)  # composed, as messages mostly are


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param([], "at least one word", id="none"),
        pytest.param(["", " "], "at least one word", id="blank"),
        pytest.param([f"w{n}" for n in range(MOST_KEYWORDS + 1)], "At most 30 words", id="many"),
        pytest.param(["x" * (KEYWORD_LENGTH + 1)], "too long", id="long"),
        pytest.param(["fix|.*"], "letters, digits and hyphens alone", id="pattern"),
        pytest.param(["be_hebt"], "letters, digits and hyphens alone", id="underscore"),
        pytest.param(["a\0b"], "letters, digits and hyphens alone", id="NUL"),
        pytest.param(["²x"], "letters, digits and hyphens alone", id="no digit"),
        pytest.param(["123"], "needs a letter", id="digits"),
        pytest.param(["-fix"], "no hyphen at its ends", id="hyphen before"),
        pytest.param(["fix-"], "no hyphen at its ends", id="hyphen behind"),
        pytest.param(["Not"], "has another meaning", id="negation"),
        pytest.param(["refs"], "has another meaning", id="related"),
    ],
)
def test_what_is_no_word_is_refused(words: list[str], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        verify_keywords(words)


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ("Behebt APP-1", ["APP-1"]),
        ("LÖST: APP-1, APP-2", ["APP-1", "APP-2"]),
        ("hot-fix APP-1", ["APP-1"]),
        ("fix(ui): APP-1", ["APP-1"]),
        ("löst(ui): crash in APP-1", []),
        ("a-b APP-1", ["APP-1"]),
        ("auto-behebt APP-1", []),
        ("behebtes APP-1", []),
        ("does not löst APP-1", []),
        ("`behebt APP-1`", []),
        ("> behebt APP-1", []),
        ("v2fix APP-2", ["APP-2"]),
        ("fixes APP-1", []),  # is not among them
        ("resolves APP-1", []),
    ],
)
def test_the_grammar_with_other_words(text: str, issues: list[str]) -> None:
    assert name_issues(text, *OWN) == issues


def test_candidates_need_one_of_the_words() -> None:
    assert list_candidates("behebt app-1", OWN) == {"APP-1"}
    assert list_candidates("closes app-1", OWN) == set()


@pytest.mark.parametrize(
    "piece",
    [
        *("behebt ", "a-b ", "a-", "löst(", "hot-fix\n\n", "not a ", "w29-a ", "a(x) "),
        *(HOSTILE[name] for name in ("scopes", "hyphenated", "letters", "apostrophes")),
    ],
)
def test_as_many_words_as_there_may_be_are_read_in_linear_time(piece: str) -> None:
    words = (*OWN, *(f"w{number}-a" for number in range(MOST_KEYWORDS - len(OWN))))
    text = "behebt " + piece * (1_000_000 // len(piece))
    assert is_linear(text, verify_keywords(words))
