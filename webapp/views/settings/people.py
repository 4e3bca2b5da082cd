"""Who belongs to the organization, as what, and by which addresses commits name them."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from domain.paging import find_id
from domain.people import appoint, get_member, merge_members, remove, take_back, write_down
from domain.people_identities import (
    add_identity,
    confirm_author,
    drop_identity,
    get_author,
    open_author,
)
from domain.people_queries import KINDS, count_authors, list_authors, list_people
from models import Member
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("people", __name__, url_prefix="/people")
ID = "<int(max=2147483647):member_id>"


@bp.get("/")
def show() -> ResponseReturnValue:
    """Members, and how many authors of commits are known, guessed or nobody's."""
    db, organization_id = page_session(), current_membership().organization_id
    return render_template(
        "settings/people.html",
        people=list_people(db, organization_id),
        counts=count_authors(db, organization_id),
    )


@bp.post("/")
def add() -> ResponseReturnValue:
    """Write down a member who has never signed in; for admins."""
    require_admin()
    organization_id = current_membership().organization_id
    with shiplog().runtime.db.transaction() as db:
        member = write_down(db, organization_id, request.form.get("name", ""), why=person_why())
        if identity := request.form.get("identity", "").strip():
            add_identity(db, member, identity, why=person_why())
        member_id = member.id
    return redirect(url_for("tenant.settings.people.person", member_id=member_id), code=303)


@bp.get(f"/{ID}/")
def person(member_id: int) -> ResponseReturnValue:
    """One member: role, teams, addresses."""
    db, organization_id = page_session(), current_membership().organization_id
    get_member(db, organization_id, member_id)
    people = list_people(db, organization_id)
    row = next(one for one in people if one.member.id == member_id)
    return render_template("settings/person.html", row=row, people=people)


@bp.post(f"/{ID}/role")
def change_role(member_id: int) -> ResponseReturnValue:
    """Appoint an admin, or make one a member again; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        appoint(db, _member(db, member_id), request.form.get("role", ""), why=person_why())
    return _back(member_id)


@bp.post(f"/{ID}/access")
def change_access(member_id: int) -> ResponseReturnValue:
    """Remove somebody, or let them in again; for admins."""
    require_admin()
    acts = {"remove": remove, "take-back": take_back}
    act = acts.get(request.form.get("act", ""))
    if act is None:
        abort(400)
    with shiplog().runtime.db.transaction() as db:
        act(db, _member(db, member_id), why=person_why())
    return _back(member_id)


@bp.post(f"/{ID}/identities")
def add_address(member_id: int) -> ResponseReturnValue:
    """Confirm an address or a login; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        member = _member(db, member_id)
        add_identity(db, member, request.form.get("identity", ""), why=person_why())
    return _back(member_id)


@bp.post(f"/{ID}/identities/<int(max=2147483647):identity_id>/drop")
def drop_address(member_id: int, identity_id: int) -> ResponseReturnValue:
    """Take one away; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        drop_identity(db, _member(db, member_id), identity_id, why=person_why())
    return _back(member_id)


@bp.post(f"/{ID}/merge")
def merge(member_id: int) -> ResponseReturnValue:
    """Say that another member is this one; for admins."""
    require_admin()
    other_id = find_id(request.form.get("other", ""))
    if other_id is None:
        abort(400)
    with shiplog().runtime.db.transaction() as db:
        merge_members(db, _member(db, member_id), _member(db, other_id), why=person_why())
    return _back(member_id)


@bp.get("/authors/")
def authors() -> ResponseReturnValue:
    """Who commits are by: addresses with the member that they belong to, or may belong to."""
    db, organization_id = page_session(), current_membership().organization_id
    kind, text = request.args.get("kind", KINDS[0]), request.args.get("q", "").strip()
    if kind not in KINDS:
        abort(400)
    return render_template(
        "settings/authors.html",
        page=list_authors(
            db, organization_id, kind=kind, text=text, after=request.args.get("after")
        ),
        kind=kind,
        text=text,
        counts=count_authors(db, organization_id),
        people=[row.member for row in list_people(db, organization_id)],
        is_continued=bool(request.args.get("after")),
    )


@bp.post("/authors/<int(max=2147483647):author_id>")
def decide(author_id: int) -> ResponseReturnValue:
    """Say who an author is: a member, `nobody`, or `open` again; for admins."""
    require_admin()
    said = request.form.get("member", "")
    member_id = find_id(said)
    if member_id is None and said not in ("nobody", "open"):
        abort(400)
    with shiplog().runtime.db.transaction() as db:
        author = get_author(db, current_membership().organization_id, author_id)
        if said == "open":
            open_author(db, author, why=person_why())
        else:
            member = _member(db, member_id) if member_id is not None else None
            confirm_author(db, author, member, why=person_why())
    kind = request.form.get("kind", KINDS[0])
    address = url_for("tenant.settings.people.authors", kind=kind if kind in KINDS else KINDS[0])
    return redirect(address, code=303)


def _member(db: Session, member_id: int) -> Member:
    return get_member(db, current_membership().organization_id, member_id)


def _back(member_id: int) -> ResponseReturnValue:
    return redirect(url_for("tenant.settings.people.person", member_id=member_id), code=303)
