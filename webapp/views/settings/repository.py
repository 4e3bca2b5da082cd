"""Settings of one repository, with a preview of its rules on its own tags and pushes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from domain.activities import list_timeline_of_repository
from domain.delivery_log import DeliveryFilter, list_deliveries
from domain.errors import InvalidError
from domain.import_control import change_import
from domain.organizations import lock_organization
from domain.paging import find_id
from domain.release_queries import ReleaseFilter, list_releases
from domain.repositories import lock_repository
from domain.repository_queries import (
    find_progress,
    find_repository_by_id,
    list_project_slugs,
)
from domain.repository_settings import (
    Rules,
    change_feeding,
    change_rules,
    list_fed,
    parse_rules,
    rules_of,
    set_tracked,
)
from domain.rules_preview import RulesPreview, preview_rules
from jobs import enqueue
from models import Repository
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("repository", __name__, url_prefix="/<repository_id>")

DELIVERIES_SHOWN = 10
RELEASES_SHOWN = 10
RULES = ("tag_pattern", "version_template", "tracked_branches")


@bp.get("/")
def show(repository_id: str) -> ResponseReturnValue:
    repository = _get(page_session(), repository_id)
    return _page(repository, _as_text(rules_of(repository)))


@bp.post("/rules")
def rules(repository_id: str) -> ResponseReturnValue:
    """Preview rules, or save those that were just previewed; for admins."""
    require_admin()
    form = {name: request.form.get(name, "") for name in RULES}
    wants_to_save = request.form.get("action") == "save"
    repository = _get(page_session(), repository_id)
    try:
        wanted = parse_rules(**form)
    except InvalidError as error:
        return _page(repository, form, error=str(error)), 400
    if not wants_to_save or request.form.get("previewed") != _digest(wanted):
        now = shiplog().runtime.now()
        preview = preview_rules(page_session(), repository, wanted, now=now)
        return _page(
            repository, form, preview=preview, rules=wanted, has_changed_since=wants_to_save
        )
    with shiplog().runtime.db.transaction() as db:
        change_rules(db, _lock(db, repository_id), wanted, why=person_why())
    return _done(repository_id)


@bp.get("/rules")
def rules_again(repository_id: str) -> ResponseReturnValue:
    """The address of a preview, opened anew: what was written is gone with its form."""
    return redirect(
        url_for("tenant.settings.repositories.repository.show", repository_id=repository_id)
    )


@bp.post("/tracking")
def tracking(repository_id: str) -> ResponseReturnValue:
    """Track it, or no longer; for admins."""
    require_admin()
    if request.form.get("action") not in ("track", "untrack"):
        abort(400)
    is_tracked = request.form["action"] == "track"
    with shiplog().runtime.db.transaction() as db:
        set_tracked(db, _lock(db, repository_id), tracked=is_tracked, why=person_why())
    return _done(repository_id)


@bp.post("/projects")
def projects(repository_id: str) -> ResponseReturnValue:
    """Which projects it feeds, and with which paths; for admins."""
    require_admin()
    slugs = [*request.form.getlist("project"), request.form.get("add", "")]
    paths = {
        name.removeprefix("paths "): text
        for name, text in request.form.items()
        if name.startswith("paths ")
    }
    new_slug = request.form.get("new", "").strip()
    paths.setdefault(new_slug, request.form.get("new_paths", ""))
    with shiplog().runtime.db.transaction() as db:
        change_feeding(
            db,
            _lock(db, repository_id),
            slugs=[slug for slug in slugs if slug],
            new_slug=new_slug,
            paths=paths,
            why=person_why(),
        )
    return _done(repository_id)


@bp.post("/import")
def control_import(repository_id: str) -> ResponseReturnValue:
    """Pause the import, let it go on, try again or begin again; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        change_import(
            db, _lock(db, repository_id), request.form.get("action", ""), why=person_why()
        )
    enqueue(shiplog().runtime)
    return redirect(
        url_for("tenant.settings.repositories.repository.show_import", repository_id=repository_id),
        code=303,
    )


@bp.get("/import")
def show_import(repository_id: str) -> ResponseReturnValue:
    """How far the import is, and the releases as they appear; loads itself anew while it runs."""
    db, organization_id = page_session(), current_membership().organization_id
    repository = _get(db, repository_id)
    progress = find_progress(db, repository)
    only_this = ReleaseFilter(repository=repository.full_name, project="", text="")
    releases = list_releases(db, organization_id, narrowed=only_this).rows[:RELEASES_SHOWN]
    moves = progress is not None and progress.is_running and "still" not in request.args
    return render_template(
        "settings/import.html",
        repository=repository,
        progress=progress,
        releases=releases,
        moves=moves,
    )


def _get(db: Session, repository_id: str) -> Repository:
    """The organization's repository of that id; 404."""
    number = find_id(repository_id)
    repository = (
        find_repository_by_id(db, current_membership().organization_id, number)
        if number is not None
        else None
    )
    return repository if repository is not None else abort(404)


def _lock(db: Session, repository_id: str) -> Repository:
    """As `_get`, for writing: the organization is locked before its repositories, always."""
    lock_organization(db, current_membership().organization_id)
    repository = _get(db, repository_id)
    lock_repository(db, repository)
    return repository


def _done(repository_id: str) -> ResponseReturnValue:
    enqueue(shiplog().runtime)
    return redirect(
        url_for("tenant.settings.repositories.repository.show", repository_id=repository_id),
        code=303,
    )


def _page(
    repository: Repository,
    form: Mapping[str, str],
    *,
    preview: RulesPreview | None = None,
    rules: Rules | None = None,
    error: str | None = None,
    has_changed_since: bool = False,
) -> str:
    db, organization_id = page_session(), current_membership().organization_id
    fed = list_fed(db, repository)
    slugs = {slug for slug, _ in fed}
    return render_template(
        "settings/repository.html",
        repository=repository,
        form_rules=form,
        preview=preview,
        digest=_digest(rules) if rules is not None else None,
        changes=rules is not None and rules != rules_of(repository),
        error=error,
        has_changed_since=has_changed_since,
        fed=fed,
        others=[slug for slug in list_project_slugs(db, organization_id) if slug not in slugs],
        progress=find_progress(db, repository),
        deliveries=list_deliveries(
            db,
            organization_id,
            narrowed=DeliveryFilter(repository_id=repository.id),
            size=DELIVERIES_SHOWN,
        ).rows,
        timeline_entries=list_timeline_of_repository(db, repository),
    )


def _as_text(rules: Rules) -> dict[str, str]:
    return {
        "tag_pattern": rules.tag_pattern or "",
        "version_template": rules.version_template or "",
        "tracked_branches": "\n".join(rules.tracked_branches or ()),
    }


def _digest(rules: Rules) -> str:
    """Says whether rules are those that were previewed; no secret, no protection."""
    told = json.dumps([rules.tag_pattern, rules.version_template, rules.tracked_branches])
    return hashlib.sha256(told.encode()).hexdigest()[:16]
