"""Every happening and every rule that is recorded is told in a sentence."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from models import Organization
from tests.factories import make_activity
from tests.webapp.tenants import furnish
from webapp.wording import RULES

ROOT = Path(__file__).parents[2]
SHA, OTHER = "a" * 40, "b" * 40
OF_RELEASES: list[tuple[str, dict[str, Any], str]] = [
    ("release_created", {}, "Release created from a tag in acme/xyzzy."),
    ("commits_set", {"commits": 1, "authors": 2}, "Commits counted: 1 commit by 2 authors."),
    (
        "commits_changed",
        {"tag": "v1", "before": 3, "after": 1, "added": 0, "removed": 2},
        "Commit list changed from 3 to 1 commit: 0 added, 2 removed (up to the tag v1).",
    ),
    (
        "commits_stated",
        {"before": 3, "after": 1, "added": 0, "removed": 2},
        "Commits stated: the list has 1 commit instead of 3: 0 added, 2 removed.",
    ),
    ("release_merged", {"version": "1.0.0"}, "Merged: the events of 1.0.0 are this release's."),
    ("refs_set", {"refs": ["main"]}, "Commits stated up to main."),
    ("commits_cleared", {}, "Stated commits cleared. Lists of tags count again."),
    (
        "deployed",
        {"environment": "production", "projects": ["web"], "name": "blue"},
        "Deployed to production with web: blue.",
    ),
    ("release_finalized", {"project": "web"}, "Released in web."),
    ("release_archived", {}, "Archived."),
    ("release_restored", {}, "Restored from the archive."),
    ("release_deleted", {"version": "web@1.0.0"}, "Release deleted: web@1.0.0."),
    (
        "tag_moved",
        {"tag": "v1", "from": OTHER, "to": SHA},
        "Tag moved: v1 from bbbbbbbbbb to commit aaaaaaaaaa in acme/xyzzy.",
    ),
    ("tag_moved", {"tag": "v1", "from": None, "to": None}, "Tag moved: v1."),
    (
        "tag_deleted",
        {"tag": "v1", "from": None, "to": SHA},
        "Tag deleted: v1 is gone from GitHub. The release and its list stay.",
    ),
    (
        "tag_restored",
        {"tag": "v1", "from": None, "to": SHA},
        "Tag restored: v1 is there again, at commit aaaaaaaaaa in acme/xyzzy.",
    ),
    (
        "unheard_of",
        {"source": "x", "some_thing": [1, {"a": "b"}]},
        "Unheard of: some thing 1, a: b.",
    ),
]
OF_ISSUES: list[tuple[str, dict[str, Any], str]] = [
    (
        "issue_created",
        {"event_id": "0123456789abcdef" * 2},
        "Issue made of the first event of its kind, 01234567.",
    ),
    (
        "regression",
        {"version": "web@3.0", "resolved_in_version": "web@2.0", "decided_by": "graph"},
        "Came back in web@3.0, although it counted as fixed in web@2.0; "
        "decided by the commit graph.",
    ),
    (
        "regression_withdrawn",
        {"version": "web@2.0"},
        "Fixed after all: the release that it was seen in does not contain the fix, as is known "
        "by now.",
    ),
    ("resolved", {"how": "release", "version": "web@2.0"}, "Resolved in web@2.0."),
    ("resolved", {"how": "now"}, "Resolved."),
    ("resolved", {"how": "next", "version": "web@2.0"}, "Resolved in the release after web@2.0."),
    ("ignored", {}, "Ignored. What commits claimed before counts no more."),
    ("unresolved", {}, "Marked unresolved. What commits claimed before counts no more."),
    ("referenced_in_commit", {"sha": SHA}, "Named by commit aaaaaaaaaa in acme/xyzzy."),
    (
        "referenced_in_pull_request",
        {"number": 7, "title": "<Cart>"},
        "Named by pull request acme/xyzzy#7 <Cart>.",
    ),
    (
        "pull_request_unlinked",
        {"number": 7, "title": "Cart"},
        "No longer named by pull request acme/xyzzy#7 Cart.",
    ),
    (
        "resolved_in_release",
        {"version": "web@2.0", "sha": SHA},
        "Resolved in web@2.0, which holds commit aaaaaaaaaa.",
    ),
    (
        "reopened",
        {"reason": "it was reverted", "was_resolved_in": "web@1.0.0"},
        "Reopened: it was reverted. It had been resolved in web@1.0.0.",
    ),
    ("ignoring_ended", {"reason": "the time is over"}, "No longer ignored: the time is over."),
    ("assigned", {"to": "ana@acme.example"}, "Assigned to ana@acme.example."),
    ("assigned", {"to": None}, "Assigned to nobody."),
    ("reopened", {"reason": "no release has it", "was_resolved_in": None}, "no release has it."),
]
OF_REPOSITORIES: list[tuple[str, dict[str, Any], str]] = [
    (
        "setting_changed",
        {"setting": "version template", "before": None, "after": "app@{version}"},
        "acme/xyzzy: Setting changed: version template, from nothing to app@{version}.",
    ),
    (
        "repository_renamed",
        {"from": "acme/a", "to": "acme/b"},
        "acme/xyzzy: Repository renamed from acme/a to acme/b.",
    ),
    (
        "repository_lost",
        {"reason": "not selected"},
        "Repository no longer shown to us: not selected. What is known of it stays.",
    ),
    (
        "repository_regained",
        {},
        "Repository shown to us again. What was pushed meanwhile is looked for.",
    ),
    (
        "installation_linked",
        {"account": "acme-labs", "from": "acme-labs"},
        "Installation linked: the App on acme-labs, which had an organization of its own, "
        "acme-labs.",
    ),
    ("member_joined", {"member": "ana", "role": "admin"}, "Member joined: ana, as admin."),
    (
        "member_left",
        {"member": "ana", "reason": "GitHub no longer lists the installation for them"},
        "Member left: ana; GitHub no longer lists the installation for them.",
    ),
    (
        "member_role_changed",
        {"member": "ana", "role": "admin", "before": "member"},
        "Role changed: ana is admin now, and was member.",
    ),
]


def text_of(page: str) -> str:
    """The page as a reader sees it, each run of white space a single space."""
    return unescape(" ".join(re.sub(r"<[^>]*>", "", page).split()))


@pytest.mark.parametrize(
    ("subject", "kind", "data", "sentence"),
    [
        *(("release", *one) for one in OF_RELEASES),
        *(("issue", *one) for one in OF_ISSUES),
        *(("repository", *one) for one in OF_REPOSITORIES),
    ],
)
def test_what_happened_is_a_sentence(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    subject: str,
    kind: str,
    data: dict[str, Any],
    sentence: str,
) -> None:
    tenant = furnish(session, organization)
    about: dict[str, tuple[dict[str, int], str]] = {
        "release": ({"release_id": tenant.release.id}, "releases/web@1.0.0"),
        "issue": ({"issue_id": tenant.issue.id}, "issues/WEB-1"),
        "repository": ({}, "repositories/"),
    }
    ids, address = about[subject]
    make_activity(
        session,
        organization,
        kind=kind,
        data=data,
        rule="tag-on-github",
        repository_id=tenant.repository.id,
        **ids,
    )
    session.commit()

    assert sentence in text_of(member.get(f"/o/acme/{address}").text)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import", "It was found by the import of the history."),
        ("completion", "It was found by asking GitHub for what no push had brought."),
    ],
)
def test_what_no_delivery_brought_names_its_source(
    member: FlaskClient, session: Session, organization: Organization, source: str, words: str
) -> None:
    tenant = furnish(session, organization)
    make_activity(
        session,
        organization,
        kind="release_created",
        data={"source": source},
        rule="tag-makes-release",
        release_id=tenant.release.id,
    )
    session.commit()

    assert words in text_of(member.get("/o/acme/releases/web@1.0.0").text)


def test_every_recorded_rule_and_kind_has_words() -> None:
    rules, kinds = set(), set()
    for package in ("domain", "integrations"):
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text("utf-8")
            if "record_activity" in source:
                rules |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source))
                calls = source.split("record_activity(\n")[1:]
                named = [call.split("*", 1)[0].split("organization_id", 1)[0] for call in calls]
                kinds |= {kind for call in named for kind in re.findall(r'(?<!=)"([a-z_]+)"', call)}

    told = {kind for kind, *_ in (*OF_RELEASES, *OF_ISSUES, *OF_REPOSITORIES)}
    assert len(rules) >= 8
    assert rules <= RULES.keys()
    assert len(kinds) >= 6
    assert kinds <= told
