"""Settings of repositories: the list of all, with what counts and what does not."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import InvalidError
from domain.paging import find_id
from domain.repository_lists import A_PAGE, Shown, count_shown, list_settings_rows
from domain.repository_queries import list_listings
from domain.repository_settings import set_several_tracked
from jobs import enqueue
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin
from webapp.views.settings import repository

bp = Blueprint("repositories", __name__, url_prefix="/repositories")
bp.register_blueprint(repository.bp)


@bp.get("/")
def show() -> ResponseReturnValue:
    db, organization_id = page_session(), current_membership().organization_id
    wanted = request.args.get("show", Shown.all.value)
    if wanted not in Shown.__members__:
        abort(400)
    text, after = request.args.get("q", "").strip(), request.args.get("after")
    page = list_settings_rows(db, organization_id, shown=Shown(wanted), text=text, after=after)
    return render_template(
        "settings/repositories.html",
        page=page,
        shown=Shown(wanted),
        choices=list(Shown),
        counts=count_shown(db, organization_id),
        text=text,
        is_continued=bool(after),
        listings=list_listings(db, organization_id),
    )


@bp.post("/")
def change() -> ResponseReturnValue:
    """Track those chosen, or no longer; for admins. One button of a row goes before the boxes."""
    require_admin()
    action, _, own = request.form.get("action", "").partition(" ")
    if action not in ("track", "untrack"):
        abort(400)
    chosen = [own] if own else request.form.getlist("repository")
    ids = [number for text in chosen if (number := find_id(text)) is not None]
    if len(ids) < len(chosen):
        abort(404)
    if not ids:
        raise InvalidError("No repository is chosen: tick the boxes of those that are meant.")
    if len(ids) > 2 * A_PAGE:
        raise InvalidError(f"At most {2 * A_PAGE} repositories can be changed at once.")
    with shiplog().runtime.db.transaction() as db:
        set_several_tracked(
            db,
            current_membership().organization_id,
            ids,
            tracked=action == "track",
            why=person_why(),
        )
    enqueue(shiplog().runtime)
    show, text, after = (request.args.get(name) or None for name in ("show", "q", "after"))
    return redirect(
        url_for("tenant.settings.repositories.show", show=show, q=text, after=after), code=303
    )
