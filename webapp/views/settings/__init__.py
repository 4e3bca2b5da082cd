"""Settings of an organization: a section each, below `/o/{org}/settings/`.

Members may look at what is no secret; only admins change anything. A section is a module with a
blueprint; adding it to `SECTIONS` puts it on the map and into the navigation.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from webapp.security import current_membership
from webapp.views.settings import (
    audit,
    general,
    people,
    projects,
    repositories,
    resolution,
    teams,
    tokens,
)


@dataclass(frozen=True)
class Section:
    """An entry of the navigation; its page is the blueprint's endpoint `show`."""

    bp: Blueprint
    label: str
    is_for_admins: bool = False  # members do not see it at all

    @property
    def endpoint(self) -> str:
        return f"tenant.settings.{self.bp.name}.show"


SECTIONS: tuple[Section, ...] = (
    Section(general.bp, "General"),
    Section(repositories.bp, "Repositories"),
    Section(projects.bp, "Projects and keys"),
    Section(people.bp, "People"),
    Section(teams.bp, "Teams"),
    Section(tokens.bp, "Tokens", is_for_admins=True),
    Section(resolution.bp, "Resolution"),
    Section(audit.bp, "Audit log", is_for_admins=True),
)

bp = Blueprint("settings", __name__, url_prefix="/settings")
for section in SECTIONS:
    bp.register_blueprint(section.bp)


@bp.get("/")
def start() -> ResponseReturnValue:
    """The first section that the visitor may see."""
    return redirect(url_for(list_sections()[0].endpoint))


def list_sections() -> list[Section]:
    """The navigation of the visitor's settings pages."""
    is_admin = current_membership().is_admin
    return [section for section in SECTIONS if is_admin or not section.is_for_admins]
