"""Settings of the App's installations: state, permissions, and sharing them with other workspaces."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.app_troubles import count_losses, list_troubles
from domain.errors import InvalidError
from domain.installation_states import (
    NEEDED,
    OPTIONAL,
    InstallationRow,
    list_installations,
    list_movable,
)
from domain.installations import get_taken, share_installation, unshare_installation
from domain.installations_moves import move_repositories
from domain.login_links import Membership
from domain.paging import find_id
from integrations.github.client import Budget
from jobs import enqueue
from models import Installation, Repository
from webapp.context import shiplog
from webapp.security import (
    current_membership,
    find_memberships,
    page_session,
    person_why,
    require_admin,
)

bp = Blueprint("github", __name__, url_prefix="/github")
ID = "<int(max=2147483647):installation_id>"

NOT_ADMIN = "You are not an admin of such a workspace."
MOST_MOVED = 1000  # in one form


@bp.get("/")
def show() -> ResponseReturnValue:
    db, organization_id = page_session(), current_membership().organization_id
    now = shiplog().runtime.now()
    rows = list_installations(db, organization_id)
    others = _other_workspaces()
    return render_template(
        "settings/github.html",
        rows=rows,
        troubles=list_troubles(db, organization_id, now=now),
        losses=count_losses(db, [row.installation.github_id for row in rows], now=now),
        needed=NEEDED,
        optional=OPTIONAL,
        movable={
            row.installation.id: list_movable(db, organization_id, row.installation.id)
            for row in rows
        },
        sharable={row.installation.id: _sharable(row, others) for row in rows},
        targets={row.installation.id: _targets(row, others) for row in rows},
        manage_url=_manage_url,
        budget_of=_budget_of,
    )


@bp.post(f"/{ID}/share")
def share(installation_id: int) -> ResponseReturnValue:
    """Let another workspace take repositories of it; for admins of both, from its home."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        installation = _get_own(get_taken(db, _here(), installation_id))
        share_installation(db, installation, _asked_for().organization_id, why=person_why())
    return _back()


@bp.post(f"/{ID}/unshare")
def unshare(installation_id: int) -> ResponseReturnValue:
    """Undo that; for admins of the home alone, once nothing of it is left there."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        installation = _get_own(get_taken(db, _here(), installation_id))
        number = find_id(request.form.get("organization", ""))
        if number is None:
            raise InvalidError("Choose a workspace.")
        unshare_installation(db, installation, number, why=person_why())
    return _back()


@bp.post(f"/{ID}/move")
def move(installation_id: int) -> ResponseReturnValue:
    """Move repositories of it to another workspace that takes some; for admins of both."""
    require_admin()
    runtime = shiplog().runtime
    with runtime.db.transaction() as db:
        get_taken(db, _here(), installation_id)
        chosen = _chosen(list_movable(db, _here(), installation_id))
        target = _asked_for().organization_id
        move_repositories(db, chosen, from_id=_here(), to_id=target, why=person_why())
    enqueue(runtime)
    return _back()


def _here() -> int:
    return current_membership().organization_id


def _back() -> ResponseReturnValue:
    return redirect(url_for("tenant.settings.github.show"), code=303)


def _get_own(installation: Installation) -> Installation:
    if installation.organization_id != _here():
        raise InvalidError("Only the workspace in which it is at home shares an installation.")
    return installation


def _other_workspaces() -> list[Membership]:
    """Those of which the visitor is an admin as well."""
    here = _here()
    return [
        each
        for each in find_memberships(page_session())
        if each.is_admin and each.organization_id != here
    ]


def _asked_for() -> Membership:
    """The workspace that the form names, of which the visitor is an admin; raises InvalidError."""
    slug = request.form.get("workspace", "")
    for each in _other_workspaces():
        if each.slug == slug:
            return each
    raise InvalidError(NOT_ADMIN)


def _chosen(movable: Sequence[Repository]) -> list[int]:
    """Row ids of the repositories ticked, of those that can be moved; raises InvalidError."""
    ticked = set(request.form.getlist("repository", type=int))
    chosen = [repository.id for repository in movable if repository.id in ticked]
    if not chosen or len(chosen) < len(ticked):
        raise InvalidError(
            "Choose the repositories to be moved, of those that are in this workspace."
        )
    if len(chosen) > MOST_MOVED:
        raise InvalidError(f"At most {MOST_MOVED} repositories are moved at once.")
    return chosen


def _sharable(row: InstallationRow, others: Sequence[Membership]) -> list[Membership]:
    taken = {taker.id for taker in row.shared_with}
    return [each for each in others if row.is_home and each.organization_id not in taken]


def _targets(row: InstallationRow, others: Sequence[Membership]) -> list[Membership]:
    takers = {row.home.id, *(taker.id for taker in row.shared_with)}
    return [each for each in others if each.organization_id in takers]


def _manage_url(installation: Installation) -> str:
    """Where people change on GitHub what the installation sees."""
    root = shiplog().runtime.settings.github.url
    path = f"settings/installations/{installation.github_id}"
    if installation.account_type == "Organization":
        return f"{root}/organizations/{installation.account_login}/{path}"
    return f"{root}/{path}"


def _budget_of(installation: Installation) -> Budget | None:
    """What this process was told last of the hour's requests; None if that is over, or nothing."""
    runtime = shiplog().runtime
    github = runtime.github
    budget = github.budgets.get(installation.github_id) if github else None
    return budget if budget is not None and budget.reset_at > runtime.now() else None
