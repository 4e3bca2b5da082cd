"""Templates and path globs as people write them: what is stored, and what is refused in words."""

from __future__ import annotations

import pytest

from domain.errors import InvalidError
from domain.version_templates import parse_version_template


def test_templates() -> None:
    assert parse_version_template(" {project}@{version} ") == "{project}@{version}"
    assert parse_version_template("") is None


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("web@{versoin}", "{versoin} means nothing"),
        ("web@1.0", "needs {version} or {tag}"),
        ("{project}", "needs {version} or {tag}"),
        ("{version}{", "a lone brace"),
        ("{{version}}", "a lone brace"),
        ("{version}\nx", "one line"),
        ("{version}" + "x" * 200, "at most 200"),
    ],
)
def test_templates_that_are_refused(template: str, words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_version_template(template)
    assert words in str(caught.value)
