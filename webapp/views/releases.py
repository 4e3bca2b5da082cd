"""Releases: the list, and one release with everything that is known of it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from domain.activities import list_timeline_of_release
from domain.homes import list_homes
from domain.issue_queries import list_resolved_in
from domain.release_contents import (
    find_versions_of_heads,
    list_commits,
    list_commits_named,
    list_files,
    list_people,
)
from domain.release_facts import load_facts
from domain.release_queries import ReleaseFilter, find_releases, list_releases
from domain.repository_queries import list_project_slugs, list_repository_names
from domain.running import list_environments_of_releases, list_stays
from domain.since_final import find_since_final, has_pre_releases
from models import Release
from webapp.pagination import page_number
from webapp.security import current_membership, page_session

bp = Blueprint("releases", __name__, url_prefix="/releases")

COMMITS_A_PAGE = 200
COMMITS_SINCE_FINAL = 500
FILES_SHOWN = 300
PEOPLE_SHOWN = 100


def start() -> ResponseReturnValue:
    """An organization's own page: its releases."""
    return redirect(url_for("tenant.releases.list_page"))


@bp.get("/")
def list_page() -> ResponseReturnValue:
    db, organization_id = page_session(), current_membership().organization_id
    narrowed = ReleaseFilter(
        repository=request.args.get("repository", ""),
        project=request.args.get("project", ""),
        text=request.args.get("q", "").strip(),
    )
    after = request.args.get("after")
    page = list_releases(db, organization_id, narrowed=narrowed, after=after)
    return render_template(
        "releases.html",
        page=page,
        environments=list_environments_of_releases(db, [facts.release.id for facts in page.rows]),
        narrowed=narrowed,
        is_continued=bool(after),
        repositories=list_repository_names(db, organization_id),
        projects=list_project_slugs(db, organization_id),
    )


@bp.get("/<path:name>")
def show(name: str) -> ResponseReturnValue:
    """One release, found by version or by tag; a tag may hold slashes, hence the `path`."""
    db = page_session()
    found = find_releases(db, current_membership().organization_id, name)
    if not found:
        abort(404)
    if len(found) > 1:
        choices = load_facts(db, found, [release.id for release in found])
        return render_template("release_choice.html", name=name, choices=choices), 300
    if request.args.get("since") == "final":
        return _show_since_final(db, found[0])
    return _show(db, found[0], name)


def _show_since_final(db: Session, release: Release) -> str:
    """All that is new since the last final version, in each of the release's repositories."""
    [facts] = load_facts(db, [release], [release.id])
    lists = []
    for head_facts in facts.heads:
        since = find_since_final(db, head_facts.head)
        shas = since.shas[:COMMITS_SINCE_FINAL] if since else []
        lists.append((head_facts, since, list_commits_named(db, head_facts.head, shas)))
    return render_template(
        "release_since_final.html", release=release, lists=lists, most=COMMITS_SINCE_FINAL
    )


def _show(db: Session, release: Release, name: str) -> str:
    number = page_number(request.args.get("page", "1"))
    [facts] = load_facts(db, [release], [release.id])
    commits, is_more = list_commits(db, release.id, page=number, size=COMMITS_A_PAGE)
    is_first = number == 1
    resolved = list_resolved_in(db, release.id) if is_first else []
    return render_template(
        "release.html",
        facts=facts,
        release=release,
        asked_for=name,
        commits=commits,
        number=number,
        is_more=is_more,
        size=COMMITS_A_PAGE,
        resolved=resolved,
        stays=list_stays(db, release.id),
        homes=list_homes(db, [issue.id for issue in resolved]),
        people=list_people(db, release.id, limit=PEOPLE_SHOWN) if is_first else [],
        files=list_files(db, release.id, limit=FILES_SHOWN) if is_first else None,
        timeline_entries=list_timeline_of_release(db, release.id) if is_first else [],
        versions=find_versions_of_heads(db, facts.heads),
        has_pre_releases=any(has_pre_releases(one.head) for one in facts.heads),
    )
