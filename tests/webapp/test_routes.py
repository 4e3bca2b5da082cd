"""Who may use which route: each is asked as nobody, as a stranger, as a member and as an admin."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import flask
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # ships no types
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter
from werkzeug.test import TestResponse

from config import Settings
from domain.login_links import create_login_link, use_login_link
from domain.tokens import SCOPES, create_token
from domain.user_sessions import begin_user_session
from models import Organization, TokenKind, User
from tests.clock import Clock
from tests.factories import make_organization
from tests.webapp.route_table import (
    ADMIN,
    ANYBODY,
    API,
    INTAKES,
    MEMBER,
    OPERATOR,
    PAGES,
    PERSON,
    Role,
    places_of,
)
from tests.webapp.tenants import Tenant, furnish

CONVERTER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
UNKNOWN = "1"  # for names that `places_of` does not tell


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Everything is configured; GitHub would be where nobody listens."""
    nowhere = "http://127.0.0.1:9"
    ours = replace(
        settings.github,
        url=nowhere,
        api_url=nowhere,
        app_slug="shiplog",
        client_id="x",
        client_secret="y",
    )
    return replace(settings, github=ours)


@pytest.fixture
def own(session: Session, organization: Organization) -> Tenant:
    return furnish(session, organization)


Enter = Callable[..., "Asker"]


class Asker:
    """A browser that can fill in forms, or a program with a token."""

    def __init__(self, app: Flask, tenant: Tenant) -> None:
        self.client: FlaskClient = app.test_client()
        self.places = places_of(tenant)
        with app.test_request_context():
            self.csrf = generate_csrf()
            secret = flask.session["csrf_token"]
        self.put(csrf_token=secret)

    def put(self, **cookie: object) -> None:
        with self.client.session_transaction() as session:
            session.update(cookie)

    def ask(
        self, line: str, form: dict[str, str] | None = None, *, api_token: str | None = None
    ) -> TestResponse:
        method, path = self.fill(line)
        headers = {"Authorization": f"Bearer {api_token}"} if api_token else {}
        if path.startswith("/api/0/"):
            body: dict[str, str] | None = None if method == "GET" else {}
            return self.client.open(path, method=method, headers=headers, json=body)
        filled = {name: self.fill_in(text) for name, text in (form or {}).items()}
        data = None if method == "GET" else {"csrf_token": self.csrf, **filled}
        return self.client.open(path, method=method, data=data, buffered=True)

    def fill(self, line: str) -> tuple[str, str]:
        method, rule = line.split(" ", 1)
        return method, self.fill_in(rule)

    def fill_in(self, text: str) -> str:
        return CONVERTER.sub(lambda name: str(self.places.get(name[1], UNKNOWN)), text)

    def knows(self, line: str) -> bool:
        """Whether all things that the address names exist."""
        return all(name in self.places for name in CONVERTER.findall(line))


@pytest.fixture
def enter(app: Flask, session: Session, own: Tenant, clock: Clock) -> Enter:
    """Opens a browser: signed in to an organization by a link, or with GitHub, or not at all."""

    def enter(organization: Organization | None = None, role: str = "member") -> Asker:
        asker = Asker(app, own)
        if organization is not None:
            token = create_login_link(session, organization, role=role, now=clock())
            link = use_login_link(session, token, now=clock())
            session.commit()
            asker.put(links=[link.link_id])
        return asker

    return enter


@pytest.fixture
def person(app: Flask, session: Session, own: Tenant, clock: Clock) -> Asker:
    """Somebody who signed in with GitHub and belongs to no organization."""
    asker = Asker(app, own)
    user = User(github_id=7, login="ana", created_at=clock(), memberships_at=clock())
    session.add(user)
    session.flush()
    asker.put(user=begin_user_session(session, user.id, user_agent="", now=clock()))
    session.commit()
    asker.places["session_id"] = 1
    return asker


def lines_of(app: Flask) -> set[str]:
    return {
        f"{method} " + CONVERTER.sub(r"<\1>", rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_has_a_line_and_every_line_a_route(app: Flask) -> None:
    lines = lines_of(app)

    assert lines - PAGES.keys() - API.keys() == set(), "routes without a line in route_table.py"
    assert (PAGES.keys() | API.keys()) - lines == set(), "lines in route_table.py without a route"


def test_numbers_in_addresses_are_those_that_a_column_holds(app: Flask) -> None:
    """SQLite's driver fails on larger ones; an address with such a number leads nowhere."""
    numbers = [
        (rule.rule, converter.max)
        for rule in app.url_map.iter_rules()
        for converter in rule._converters.values()
        if isinstance(converter, IntegerConverter)
    ]
    assert numbers
    assert [rule for rule, most in numbers if most is None or most >= 2**31] == []


def test_every_answer_before_flask_has_a_line(app: Flask) -> None:
    names, part = [], app.wsgi_app
    while not hasattr(part, "__func__"):  # Flask's own is a method
        names.append(type(part).__name__)
        part = part._following  # type: ignore[attr-defined]

    assert names == list(INTAKES)


def of_role(*roles: Role) -> list[list[str]]:
    """The lines of these roles, to be asked one after another: what only reads at once."""
    names = {role.name for role in roles}
    return _grouped([line for line, role in PAGES.items() if role.name in names])


def _grouped(lines: list[str]) -> list[list[str]]:
    reading = [line for line in lines if line.startswith("GET ")]
    return [reading, *([line] for line in lines if line not in reading)]


def name_of(lines: list[str]) -> str:
    return lines[0] if lines and not lines[0].startswith("GET ") else "GET"


def assert_open(asker: Asker, line: str) -> None:
    """The page is there; a POST that no form was told for may be wanting something."""
    role = PAGES[line]
    answer = asker.ask(line, role.form)
    allowed = set(range(200, 400))
    if line.startswith("POST") and not role.form:
        allowed.add(400)
    if not asker.knows(line):
        allowed.add(404)
    assert answer.status_code in allowed, f"{line}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize("lines", of_role(ANYBODY), ids=name_of)
def test_pages_for_anybody(enter: Enter, lines: list[str]) -> None:
    for line in lines:
        answer = enter().ask(line, PAGES[line].form)
        assert answer.status_code not in (401, 403, 500), line


@pytest.mark.parametrize("lines", of_role(PERSON), ids=name_of)
def test_pages_of_ones_own_account(
    enter: Enter, person: Asker, organization: Organization, lines: list[str]
) -> None:
    nobody, by_link = enter(), enter(organization, "admin")
    for line in lines:
        assert nobody.ask(line).status_code == 401, line
        assert by_link.ask(line).status_code == 401, line
        assert_open(person, line)


@pytest.mark.parametrize("lines", of_role(MEMBER, ADMIN), ids=name_of)
def test_pages_of_an_organization(
    enter: Enter,
    person: Asker,
    organization: Organization,
    session: Session,
    own: Tenant,
    lines: list[str],
) -> None:
    nobody, stranger = enter(), enter(make_organization(session, "others"), "admin")
    member, admin = enter(organization), enter(organization, "admin")
    for line in lines:
        role = PAGES[line]
        for outsider, status in ((nobody, 401), (stranger, 404), (person, 404)):
            answer = outsider.ask(line, role.form)
            assert answer.status_code == status, line
            assert own.mark not in answer.text
        if role.name == ADMIN.name:
            assert member.ask(line, role.form).status_code == 403, line
        else:
            assert_open(member, line)
        assert_open(admin, line)


def test_pages_of_the_operator(enter: Enter, person: Asker, organization: Organization) -> None:
    """What they open for an operator is tested where they are."""
    askers = (enter(), person, enter(organization), enter(organization, "admin"))
    for line in [line for lines in of_role(OPERATOR) for line in lines]:
        for asker in askers:
            answer = asker.ask(line, PAGES[line].form)
            assert answer.status_code in (401, 403, 404), line


def test_no_form_is_taken_without_its_token(enter: Enter, organization: Organization) -> None:
    admin = enter(organization, "admin")
    admin.csrf = ""
    for line in PAGES:
        if not line.startswith("GET "):
            assert admin.ask(line, PAGES[line].form).status_code == 400, line


@pytest.mark.parametrize("lines", _grouped(list(API)), ids=name_of)
def test_routes_of_the_api(
    enter: Enter, organization: Organization, session: Session, clock: Clock, lines: list[str]
) -> None:
    program, admin = enter(), enter(organization, "admin")
    others = make_organization(session, "others")

    def make_token(of: Organization, *scopes: str) -> str:
        kind, url = TokenKind.user, "https://shiplog.example"
        made = create_token(session, of, kind=kind, scopes=scopes, url=url, now=clock())
        session.commit()
        return made

    of_others = make_token(others, *sorted(SCOPES))
    for line in lines:
        role = API[line]
        if role.scope is None:
            assert program.ask(line).status_code == 200, line
            continue
        assert program.ask(line).status_code == 401, line
        assert admin.ask(line).status_code == 401, line  # no cookie opens it
        if "<" in line:
            assert program.ask(line, api_token=of_others).status_code == 404, line
        answer = program.ask(line, api_token=make_token(organization, role.scope))
        is_wanting = answer.status_code == 400 and "GET" not in line  # the body is empty
        assert answer.status_code < 300 or is_wanting, f"{line}: {answer.text}"


def test_intakes_need_their_proof(enter: Enter) -> None:
    asker = enter()
    for line in [line for lines in INTAKES.values() for line in lines]:
        method, path = asker.fill(line)
        assert asker.client.open(path, method=method, data=b"{}").status_code == 401, line
