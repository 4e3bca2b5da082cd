"""The release doctor for programs (interface.md)."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from domain.doctor import find_problems
from domain.windows import slice_of
from webapp.api.answers import ReleaseProblem
from webapp.api.blueprint import RELEASES, db, get, organization
from webapp.api.serializers import render_finding
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for


@get(
    "/organizations/<org>/release-doctor/",
    RELEASES,
    answers={200: list[ReleaseProblem]},
)
def list_release_problems() -> ResponseReturnValue:
    """Names of releases in events that almost match a release, and events without one.

    Those of most events first. Empty: every release name in the events is known.
    """
    findings = find_problems(db(), organization().id, now=shiplog().runtime.now())
    window = slice_of(findings, place_asked_for(), page_size())
    return page(window, [render_finding(finding) for finding in window.rows])
