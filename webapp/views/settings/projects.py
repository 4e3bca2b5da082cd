"""Projects: what they are called, what feeds them, and the keys with which SDKs reach them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import AlreadyExistsError, InvalidError
from domain.organizations import get_project, make_slug
from domain.project_keys import list_keys, make_dsn
from domain.project_settings import (
    add_key,
    add_project,
    change_project,
    delete_key,
    get_key,
    list_project_rows,
    list_repositories_feeding,
    rename_key,
    switch_key,
)
from models import Project, ProjectKey
from webapp.context import shiplog
from webapp.sdk_snippets import PLATFORMS, list_snippets
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("projects", __name__, url_prefix="/projects")

KEY = "/<slug>/keys/<int(max=2147483647):key_id>"


@dataclass(frozen=True)
class ShownKey:
    key: ProjectKey
    dsn: str


@bp.get("/")
def show() -> ResponseReturnValue:
    return _list_page()


@bp.post("/")
def create() -> ResponseReturnValue:
    """A new project; for admins. Without a slug, one is made of the name."""
    require_admin()
    name = request.form.get("name", "").strip()
    slug = request.form.get("slug", "").strip() or make_slug(name) or name
    try:
        with shiplog().runtime.db.transaction() as db:
            project = add_project(
                db,
                current_membership().organization_id,
                slug,
                name=name,
                platform=request.form.get("platform"),
                why=person_why(),
            )
    except (AlreadyExistsError, InvalidError) as error:
        return _list_page(error=str(error)), 400
    flash(f"The project {project.slug} is there. Put its DSN into the application.")
    return redirect(url_for("tenant.settings.projects.one", slug=project.slug), code=303)


@bp.get("/<slug>/")
def one(slug: str) -> ResponseReturnValue:
    """One project with its keys; members may see them, a DSN is public wherever an SDK runs."""
    db, membership = page_session(), current_membership()
    project = get_project(db, membership.organization_id, slug)
    url = shiplog().runtime.settings.public_url
    keys = [ShownKey(key, make_dsn(key, public_url=url)) for key in list_keys(db, project.id)]
    usable = next((each.dsn for each in keys if each.key.is_active), None)
    return render_template(
        "settings/project.html",
        project=project,
        keys=keys,
        dsn=usable,
        snippets=list_snippets(
            project.platform, dsn=usable, slug=slug, org=membership.slug, url=url
        )
        if usable
        else [],
        repositories=list_repositories_feeding(db, project),
        platforms=_platforms(project),
    )


@bp.post("/<slug>/")
def change(slug: str) -> ResponseReturnValue:
    """Name and platform; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        change_project(
            db,
            get_project(db, current_membership().organization_id, slug),
            name=request.form.get("name", ""),
            platform=request.form.get("platform"),
            why=person_why(),
        )
    return _back(slug, "Saved.")


@bp.post("/<slug>/keys/")
def create_key(slug: str) -> ResponseReturnValue:
    """Another key; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        project = get_project(db, current_membership().organization_id, slug)
        add_key(db, project, name=request.form.get("name", ""), why=person_why())
    return _back(slug, "The key is there, and takes events.")


@bp.post(f"{KEY}/")
def change_key(slug: str, key_id: int) -> ResponseReturnValue:
    """Its name, or whether it takes events; for admins."""
    require_admin()
    wanted = request.form.get("take")
    if wanted not in (None, "yes", "no"):
        raise InvalidError("A key takes events, yes or no.")
    with shiplog().runtime.db.transaction() as db:
        project = get_project(db, current_membership().organization_id, slug)
        if wanted is None:
            rename_key(db, project, key_id, name=request.form.get("name", ""), why=person_why())
            said = "The key is renamed."
        else:
            switch_key(db, project, key_id, is_active=wanted == "yes", why=person_why())
            takes = "takes events again" if wanted == "yes" else "refuses events"
            said = f"Within seconds the key {takes}."
    return _back(slug, said)


@bp.get(f"{KEY}/delete")
def ask_to_delete(slug: str, key_id: int) -> ResponseReturnValue:
    """What deleting a key breaks, and the button that does it; for admins."""
    require_admin()
    db = page_session()
    project = get_project(db, current_membership().organization_id, slug)
    key = get_key(db, project, key_id)
    url = shiplog().runtime.settings.public_url
    return render_template(
        "settings/key_delete.html",
        project=project,
        key=key,
        dsn=make_dsn(key, public_url=url),
        is_last=len(list_keys(db, project.id)) == 1,
    )


@bp.post(f"{KEY}/delete")
def remove_key(slug: str, key_id: int) -> ResponseReturnValue:
    """Delete a key for good; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        project = get_project(db, current_membership().organization_id, slug)
        delete_key(db, project, key_id, why=person_why())
    return _back(slug, "The key is deleted.")


def _back(slug: str, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("tenant.settings.projects.one", slug=slug), code=303)


def _list_page(error: str | None = None) -> str:
    db, membership = page_session(), current_membership()
    return render_template(
        "settings/projects.html",
        rows=list_project_rows(db, membership.organization_id),
        platforms=_platforms(None),
        error=error,
        given=request.form,
    )


def _platforms(project: Project | None) -> list[tuple[str, str]]:
    """What to choose from; a platform that the API was told of stays among it."""
    choices = {"": "not said", **PLATFORMS}
    if project is not None and project.platform:
        choices.setdefault(project.platform, project.platform)
    return list(choices.items())
