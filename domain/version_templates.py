"""Templates for the names of releases that tags make: what people may write."""

from __future__ import annotations

import re

from domain.errors import InvalidError
from domain.text import clean_text

LONGEST_TEMPLATE = 200
PLACEHOLDERS = ("project", "version", "tag", "prefix")
_BRACED = re.compile(r"\{([^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse_version_template(text: str) -> str | None:
    """The template as it is stored, None for the rule without one; raises InvalidError."""
    template = clean_text(text).strip()
    if not template:
        return None
    if len(template) > LONGEST_TEMPLATE:
        raise InvalidError(f"A version template has at most {LONGEST_TEMPLATE} characters.")
    if _CONTROL.search(template):
        raise InvalidError("A version template is one line without control characters.")
    named = _BRACED.findall(template)
    unknown = next((name for name in named if name not in PLACEHOLDERS), None)
    if unknown is not None or "{" in _BRACED.sub("", template) or "}" in _BRACED.sub("", template):
        wrong = f"{{{unknown}}}" if unknown is not None else "a lone brace"
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise InvalidError(f"A version template may hold {known}; {wrong} means nothing.")
    if not {"version", "tag"} & set(named):
        raise InvalidError(
            "A version template needs {version} or {tag}: else all tags make one release."
        )
    return template
