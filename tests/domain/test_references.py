"""The grammar of sentry-api.md 9: its table row by row, what the words add, and hostile texts."""

import gc
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keywords import STANDARD
from domain.references import Reference, find_references, list_candidates

ISSUES = {"APP-1", "APP-2", "APP-3", "APP-9", "MY-APP-1"}
HOSTS = ["shiplog.example", "other.example:8000"]


def name_issues(text: str | None) -> list[str | int | None]:
    found = find_references(text, is_known=ISSUES.__contains__, hosts=HOSTS)
    return [reference.short_id or reference.issue_number for reference in found]


APP1, APP2, BOTH = ["APP-1"], ["APP-2"], ["APP-1", "APP-2"]
NONE: list[str | int] = []

# Number of the row, text, issues. Where upstream differs, the deviation's number.
TABLE = [
    (1, "Fixes APP-1", APP1),
    (2, "fixes app-1", APP1),
    (3, "FIXED: APP-1", APP1),
    (4, "Prevent X\n\nFixes APP-1", APP1),
    (5, "Fixes APP-1 APP-2", BOTH),
    (6, "Fixes APP-1, APP-2", BOTH),
    (7, "Fixes APP-1 and APP-2", BOTH),
    (8, "Fixes APP-1\n\nAPP-2", BOTH),
    (9, "Fixes: APP-1; closes APP-2", BOTH),
    (10, "Fixes [APP-1](https://x/), [APP-2](https://x/)", BOTH),
    (11, "\\Resolved APP-1 APP-2", BOTH),
    (12, "Resolves\tAPP-1", APP1),
    (12, "Close\nAPP-1", APP1),
    (13, "fix: APP-1", APP1),
    (13, "fix:  APP-1.", APP1),
    (14, "Fixes the crash in APP-1", APP1),
    (15, "This does not fix APP-1", NONE),  # OURS 24
    (15, "Doesn't fully fix APP-1", NONE),  # OURS 24
    (16, 'Revert "Fixes APP-1"', NONE),  # OURS 24
    (16, 'Reapply "Fixes APP-1"', NONE),  # OURS 24
    (17, "hot-fix APP-1", NONE),  # OURS 24
    (17, "auto-close APP-1", NONE),  # OURS 24
    (18, "Fix APP-1's crash", APP1),
    (19, "Fixes MY-APP-1", ["MY-APP-1"]),
    (20, "Fixes APP-1. See APP-2", APP1),
    (20, "Fixes APP-1 (APP-2)", APP1),
    (21, "Fixes https://shiplog.example/issues/12/", [12]),
    (22, "Fixes:APP-1", APP1),  # OURS 25
    (23, "Fixes-APP-1", NONE),
    (23, "resolve-APP-1", NONE),
    (23, "fix/APP-1", NONE),
    (24, "fix(ui): APP-1", APP1),  # OURS 25
    (24, "fix!: APP-1", APP1),  # OURS 25
    (25, "closes #APP-1", APP1),  # OURS 25
    (25, "Fixes: #APP-1", APP1),  # OURS 25
    (25, "Fixes (APP-1)", APP1),  # OURS 25
    (25, "Fixes `APP-1`", APP1),  # OURS 25
    (25, 'Fixes "APP-1"', APP1),  # OURS 25
    (26, "fixing APP-1", NONE),
    (26, "fixe APP-1", NONE),
    (27, "prefixes APP-1", NONE),
    (27, "hotfix APP-1", NONE),
    (28, "APP-1", NONE),
    (28, "Mentions APP-1", NONE),
    (29, "Fixes #12", NONE),
    (29, "Fixes owner/repo#1", NONE),
    (30, "Fixes APP-U", NONE),
    (31, "Fixes NOPE-999", NONE),
    (32, "Fixes https://github.com/issues/12/", NONE),
    (33, "", NONE),
    (33, None, NONE),
    (34, "Fixes APP-1/APP-2", BOTH),  # OURS 25
    (34, "closes APP-1 & APP-2", BOTH),  # OURS 25
    (34, "Fixes #APP-1, #APP-2", BOTH),  # OURS 25
    (35, "fix(ui): follow-up to APP-1", NONE),
    (36, "Fix typo\n\nReported in APP-2", NONE),  # OURS 24
    (36, "Fix typo\nRefs APP-2", NONE),  # OURS 24
    (37, "Fixes APP-1 but not APP-2", APP1),  # OURS 24
    (38, "Not only fixes APP-1", APP1),
    (39, "> Fixes APP-1", NONE),  # OURS 24
    (39, "<!-- Fixes APP-1 -->", NONE),  # OURS 24
    (39, "write `Fixes APP-1`", NONE),  # OURS 24
    (40, 'Revert "Add cache"\n\nFixes APP-9', ["APP-9"]),
    (41, "Fixes https://shiplog.example/o/acme/issues/APP-1", APP1),  # OURS 25
]


@pytest.mark.parametrize(
    ("text", "issues"), [pytest.param(*row[1:], id=f"{row[0]}-{row[1]}") for row in TABLE]
)
def test_the_table_of_the_reference(text: str | None, issues: list[str | int]) -> None:
    assert name_issues(text) == issues


def test_the_table_is_complete() -> None:
    assert {row[0] for row in TABLE} == set(range(1, 42))


KEYWORDS = ["fix", "fixes", "fixed", "close", "closes", "closed", "resolve", "resolves", "resolved"]


@pytest.mark.parametrize(
    "keyword", [*KEYWORDS, *map(str.upper, KEYWORDS), *map(str.title, KEYWORDS)]
)
def test_every_keyword_in_any_case(keyword: str) -> None:
    assert name_issues(f"{keyword} APP-1") == APP1


CUT_OUT = {
    "nested revert": 'Revert "Reapply "Fixes APP-1""',
    "revert with number behind": 'Revert "Fixes APP-1" (#12)',
    "revert cut short by the forge": 'Revert "Fixes APP-1 and a very long…',
    "revert listed in a squash": 'Tidy (#5)\n\n* Add\n\n* Revert "Fixes APP-1"',
    "indented quote": "  > Fixes APP-1",
    "comment over lines": "Hello\n<!--\nFixes APP-1\n\n-->\n",
    "fence": "Example:\n```\nFixes APP-1\n```\n",
    "fence with language": "```text\nFixes APP-1\n```",
    "fence of tildes": "~~~\nFixes APP-1\n```\nFixes APP-2\n~~~",
    "fence holds a shorter one": "````\n```\n```\nFixes APP-1\n````",
    "fence never closed": "```\nFixes APP-1",
    "code span of two backticks": "``say `Fixes APP-1` ``",
    "code span over a line end": "say `the words\nFixes APP-1`",
}


@pytest.mark.parametrize("text", CUT_OUT.values(), ids=CUT_OUT.keys())
def test_quoted_text_claims_nothing(text: str) -> None:
    assert name_issues(text) == []


KEPT = {
    "after a revert's subject": ('Revert "Fixes APP-1" and fixes APP-2', APP2),
    "after a quoted line": ("> Fixes APP-1\nFixes APP-2", APP2),
    "after a comment": ("<!-- Fixes APP-1 --> Fixes APP-2", APP2),
    "around a comment": ("Fixes <!-- at last --> APP-2", APP2),
    "after a fence": ("```\nFixes APP-1\n```\nFixes APP-2", APP2),
    "after ticks on one line": ("```Fixes APP-1``` is the form\nFixes APP-2", APP2),
    "comment without end": ("Escape <!-- in titles\n\nFixes APP-2", APP2),
    "after a code span": ("`a` Fixes APP-1 `b`", APP1),
    "after a lone backtick": ("Don`t\n\nFixes `APP-1`", APP1),
    "lone backtick in another item": ("- don`t\n- Fixes `APP-1`", APP1),
    "a fence cuts the run": ("Fixes the\n```\ncode\n```\nin APP-1", NONE),
    "the keyword is a link": ("[Fixes](https://x/a_(b)): APP-1", APP1),
    "windows line ends": ("Prevent X\r\n\r\nFixes APP-1\r\n\r\nRelated APP-2", APP1),
}


@pytest.mark.parametrize(("text", "issues"), KEPT.values(), ids=KEPT.keys())
def test_what_stands_beside_quoted_text_counts(text: str, issues: list[str]) -> None:
    assert name_issues(text) == issues


NEGATIONS = {
    "never": ("This never fixes APP-1", NONE),
    "cannot": ("We cannot close APP-1", NONE),
    "can not really": ("can not really close APP-1", NONE),
    "n't": ("Won't fix APP-1", NONE),
    "typographic n't": ("Won’t fix APP-1", NONE),  # noqa: RUF001 - the character is the case
    "three words before": ("not what it does: fixes APP-1", APP1),
    "two words between": ("not a proper fix APP-1", APP1),
    "another clause": ("It was not, fixes APP-1", APP1),
    "another line": ("It was not\nfixes APP-1", APP1),
    "a word that ends in not": ("knot fixes APP-1", APP1),
    "not only": ("does not only fix APP-1", APP1),
    "not only, upper case": ("NOT ONLY FIXES APP-1", APP1),
    "denied within a run": ("Fixes the noise, but does not fix APP-1", NONE),
    "denied, then claimed": ("Does not fix APP-1. Fixes APP-2", APP2),
    "not before a mere word": ("Fixes not-null check in APP-1", APP1),
    "a negated keyword is a word": ("Fix dialogs that cannot close as in APP-1", APP1),
}


@pytest.mark.parametrize(("text", "issues"), NEGATIONS.values(), ids=NEGATIONS.keys())
def test_negation_holds_for_two_words_of_one_clause(text: str, issues: list[str]) -> None:
    assert name_issues(text) == issues


RUNS = {
    "ref": ("Fixes APP-1\nref APP-2", APP1),
    "see": ("Fixes APP-1\nSee APP-2", APP1),
    "re": ("Fixes APP-1\nRe: APP-2", APP1),
    "related": ("Fixes APP-1\nrelated to APP-2", APP1),
    "relates": ("Fixes APP-1\n  Relates to APP-2", APP1),
    "part of": ("Fixes APP-1\nPart of APP-2", APP1),
    "at once": ("Fixes\nrefs APP-2", NONE),
    "a longer word": ("Fixes APP-1\nseen with APP-2", BOTH),
    "in mid-line": ("Fixes APP-1 see APP-2", BOTH),
    "next line": ("Fixes APP-1\nAPP-2", BOTH),
    "list": ("Fixes:\n- APP-1\n- APP-2", BOTH),
    "blank line with spaces": ("Fixes APP-1\n \t\nMore on APP-2", APP1),
    "several blank lines": ("Fixes APP-1\n\n\n  APP-2", BOTH),
    "blank line, then no id": ("Fixes APP-1\n\nNOPE-1 APP-2", APP1),
    "keyword, blank line, words": ("Fix\n\nthe bug of APP-1", NONE),
    "keyword, blank line, id": ("Fixes:\n\nAPP-1", APP1),
    "each line its keyword": ("Fixes APP-1\nCloses APP-2", BOTH),
    "repeated": ("Fixes APP-1, APP-1 and app-1", APP1),
    "look-alike digits": ("Fixes APP-I, app-l", APP1),
    "leading zero": ("Fixes APP-01", APP1),
    "underscore behind": ("Fixes APP-1_x", NONE),
    "hyphen behind": ("Fixes APP-1-", APP1),
    "part of a longer word": ("Fixes APP-1-APP", NONE),
    "accented word": ("Fixes éAPP-1", NONE),
    "non-breaking space": ("Fixes\xa0APP-1", APP1),
    "two colons": ("Fixes:: APP-1", NONE),
    "space before the colon": ("Fixes : APP-1", NONE),
}


@pytest.mark.parametrize(("text", "issues"), RUNS.values(), ids=RUNS.keys())
def test_what_a_keyword_speaks_of(text: str, issues: list[str]) -> None:
    assert name_issues(text) == issues


FORMS = {
    "scope without space": ("fix(ui):APP-1", APP1),
    "scope and bang": ("fix(ui)!: APP-1", APP1),
    "scope, then two ids": ("fix(ui): APP-1, APP-2", BOTH),
    "scope, wrapped": ("fix(ui): [APP-1] title", APP1),
    "scope, link": ("fix(ui): [APP-1](https://x/)", APP1),
    "scope, words": ("fix(ui): crash in APP-1", NONE),
    "scope, unknown id": ("fix(ui): NOPE-1 APP-1", NONE),
    "scope without colon": ("fix(ui) APP-1", NONE),
    "id as scope": ("fix(APP-1): crash", NONE),
    "brackets": ("Fixes [APP-1]", APP1),
    "single quotes": ("Fixes 'APP-1'", APP1),
    "typographic quotes": ("Fixes “APP-1”", APP1),
    "hash in parentheses": ("Fixes (#APP-1)", APP1),
    "linked in parentheses": ("Fixes ([APP-1](https://x/))", APP1),
    "list in parentheses": ("Fixes (APP-1 and APP-2)", BOTH),
    "the run goes on": ("Fixes `APP-1` and also APP-2", BOTH),
    "quoted sentence": ('Fix "APP-1 not found" in the log', NONE),
    "hash without joiner": ("Fixes APP-1 #APP-2", APP1),
    "hash without id before": ("Fixes the #APP-1", NONE),
    "plus": ("Fixes APP-1+APP-2 + APP-3", ["APP-1", "APP-2", "APP-3"]),
    "oxford comma": ("Fixes `APP-1`, `APP-2`, and `APP-3`", ["APP-1", "APP-2", "APP-3"]),
    "joined over a line end": ("Fixes #APP-1,\n#APP-2", BOTH),
    "not joined over a blank line": ("Fixes #APP-1,\n\n#APP-2", APP1),
    "joiner after no id": ("Fixes NOPE-1/APP-1", NONE),
    "joiner before no id": ("Fixes APP-1/NOPE-1 APP-2", APP1),
}


@pytest.mark.parametrize(("text", "issues"), FORMS.values(), ids=FORMS.keys())
def test_forms_that_people_expect(text: str, issues: list[str]) -> None:
    assert name_issues(text) == issues


URLS = {
    "sub-domain": ("Closes http://acme.shiplog.example/x/issues/7", [7]),
    "host in capitals": ("Fixes HTTPS://SHIPLOG.EXAMPLE/issues/7", [7]),
    "port": ("Fixes https://other.example:9000/issues/7", [7]),
    "colon without space": ("Fixes:https://shiplog.example/issues/7", [7]),
    "in the query": ("Fixes https://shiplog.example/?next=/issues/7", NONE),
    "in the fragment": ("Fixes https://shiplog.example/#/issues/7", NONE),
    "full stop": ("Fixes https://shiplog.example/issues/7.", [7]),
    "query behind": ("Fixes https://shiplog.example/issues/7?x=1", [7]),
    "letters behind": ("Fixes https://shiplog.example/issues/7x", NONE),
    "zero": ("Fixes https://shiplog.example/issues/0", NONE),
    "too many digits": (f"Fixes https://shiplog.example/issues/{'7' * 30}", NONE),
    "look-alike host": ("Fixes https://notshiplog.example/issues/7", NONE),
    "host as user": ("Fixes https://shiplog.example@evil.example/issues/7", NONE),
    "unknown short id": ("Fixes https://shiplog.example/issues/NOPE-1", NONE),
    "broken address": ("Fixes https://[shiplog/issues/7", NONE),
    "no keyword": ("See https://shiplog.example/issues/7", NONE),
    "words between": ("Fixes bug https://shiplog.example/issues/7", NONE),
    "keyword inside a URL": ("Fixes https://x.example/fix: APP-1", NONE),
    "scope": ("fix(ui): https://shiplog.example/issues/7", [7]),
    "too long": (f"Fixes https://shiplog.example/issues/7?{'x' * 3000}", NONE),
}


@pytest.mark.parametrize(("text", "issues"), URLS.values(), ids=URLS.keys())
def test_urls_of_this_server_name_issues(text: str, issues: list[str | int]) -> None:
    assert name_issues(text) == issues


WHY = {
    "keyword and id": ("It\n\nfixes: app-1 now", ["fixes: app-1"]),
    "wrapped": ("Closes (#APP-1).", ["Closes (#APP-1)"]),
    "second id": ("Fixes APP-1, APP-2", ["Fixes APP-1", "Fixes APP-1, APP-2"]),
    "nearest keyword": ("Fixes APP-1 and closes APP-2", ["Fixes APP-1", "closes APP-2"]),
    "link": ("Fixes [APP-1](https://x/)", ["Fixes APP-1"]),
    "storable": ("fix(\x00u\ud800i): APP-1", ["fix(ui): APP-1"]),
    "far from its keyword": (f"Fixes {'very ' * 99}bad APP-1", ["Fixes … APP-1"]),
}


@pytest.mark.parametrize(("text", "matched"), WHY.values(), ids=WHY.keys())
def test_the_matched_text_says_why(text: str, matched: list[str]) -> None:
    found = find_references(text, is_known=ISSUES.__contains__)
    assert [reference.matched_text for reference in found] == matched


def test_a_reference_by_number_has_no_short_id() -> None:
    text = "Fixes https://shiplog.example/issues/12/"
    assert find_references(text, is_known=ISSUES.__contains__, hosts=HOSTS) == [
        Reference(short_id=None, issue_number=12, matched_text=text)
    ]


def test_without_hosts_no_url_names_anything() -> None:
    assert (
        find_references("Fixes https:///issues/1 https://x/issues/1", is_known=lambda _: True) == []
    )


def test_candidates_are_canonical_and_need_a_keyword() -> None:
    assert list_candidates("Fixes app-o1, my_app-l\nsee x-y-10 and -, a-, b-u") == {
        "APP-1", "MY_APP-1", "X-Y-10"
    }  # fmt: skip
    assert list_candidates("app-1 and app-2") == set()
    assert list_candidates(None) == set()


PIECES = st.sampled_from(
    ["Fixes", "closes", "fix(ui):", "fix!:", ":", " ", "\n", "\n\n", ", ", " and ", "/", "&", "#", "(", ")",
     "[", "]", "](x)", "`", "```\n", "> ", "<!--", "-->", '"', 'Revert "', "not ", "isn't ", "only ", "see ",
     "APP-1", "app-2", "MY-APP-1", "NOPE-7", "the", "https://shiplog.example/issues/3", "/issues/APP-9", "é", "-"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS)
def test_what_is_named_was_a_candidate(text: str) -> None:
    asked: set[str] = set()

    def is_known(short_id: str) -> bool:
        asked.add(short_id)
        return short_id in ISSUES

    found = find_references(text, is_known=is_known, hosts=HOSTS)
    assert asked <= list_candidates(text)
    named = [(reference.short_id, reference.issue_number) for reference in found]
    assert len(named) == len(set(named))
    assert all((short_id is None) != (number is None) for short_id, number in named)
    assert all(short_id in ISSUES for short_id, _ in named if short_id)


@given(TEXTS)
def test_with_no_issue_known_no_short_id_is_named(text: str) -> None:
    assert not [
        r for r in find_references(text, is_known=lambda _: False, hosts=HOSTS) if r.short_id
    ]


HOSTILE = {
    "keywords": "fix ",
    "claims": "fix a-1 ",
    "ids": "a-1 ",
    "joined ids": "a-1, ",
    "wrapped ids": "(a-1), ",
    "open wrappers": "(a-1 and ",
    "hyphens": "-",
    "hyphenated": "a-",
    "spaces": " ",
    "blank lines": "\n ",
    "keyword and blank lines": "fix\n\n",
    "negations": "not fix ",
    "apostrophes": "n't'",
    "nots": "not ",
    "negated words": "not\t",
    "brackets": "[",
    "links": "[a](",
    "nested links": "[a](()",
    "scopes": "fix(",
    "comments": "<!--",
    "comment ends": "<!-- -->",
    "backticks": "`",
    "uneven backticks": "` `` ",
    "backtick lines": "`\n\n",
    "fences": "```\n",
    "odd fences": "```a`\n",
    "tildes": "~~~x\n",
    "quotes": "> ",
    "quoted lines": ">\n",
    "reverts": '* Revert "\n',
    "urls": "fix:http://",
    "our urls": "fix:https://shiplog.example/issues/1 ",
    "issue paths": "/issues/",
    "list items": "1. `\n",
    "related": "\nref",
    "part of": "\npart",
    "letters": "a",
    "digits": "1",
}


TRIES = 3


def seconds_to_read(text: str, words: Sequence[str] = STANDARD) -> float:
    """Return the processor time of one reading, less what is not the reader's.

    Its many matches would set off collections of garbage, and each goes through everything that
    the other tests of this process have left behind.
    """
    gc.disable()
    try:
        started = time.process_time()
        find_references(
            text, is_known=lambda short_id: short_id == "A-1", hosts=HOSTS, keywords=words
        )
        return time.process_time() - started
    finally:
        gc.enable()


def is_linear(text: str, words: Sequence[str] = STANDARD) -> bool:
    """Compare all of a text with a tenth of it: ten times as long; were it quadratic, a hundred.

    A busy machine makes a reading slower, never faster, so the best of a few tries counts on
    both sides.
    """
    tenth = min(seconds_to_read(text[: len(text) // 10], words) for _ in range(TRIES))
    return any(seconds_to_read(text, words) < 40 * tenth for _ in range(TRIES))


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_of_anything_is_read_at_once(piece: str) -> None:
    text = "Fixes " + piece * (1_000_000 // len(piece))
    assert is_linear(text)


@pytest.mark.parametrize("last", ["APP-U", "_", "\n\n", "-->"])
def test_a_megabyte_of_unlike_tokens_is_read_at_once(last: str) -> None:
    text = "Fixes " + " ".join(f"x{number}-{number}" for number in range(80_000)) + last
    assert is_linear(text)
    assert len(list_candidates(text)) > 10_000
