"""The check list's facts: asked of GitHub by one request at a time, and kept for some seconds.

The page asks every two seconds, perhaps from several browsers; GitHub is asked every ten.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.app_registration import find_registration, rename_app
from integrations.github.app_checks import Arrived, Ours
from integrations.github.app_facts import AppFacts, fetch_app_facts
from integrations.self_check import SelfCheckError, verify_reachable
from jobs import Runtime
from jobs.app_settings import KEPT_SECONDS as SECRETS_KEPT_SECONDS
from jobs.app_settings import AppSettings
from models import Delivery
from webapp.refusals import Refusals

KEPT_SECONDS = 10.0


class AppCheck:
    """What was found last, and when; one a process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._clock = runtime, runtime.ticks
        self._asking = Lock()
        self._facts: tuple[float, AppSettings, AppFacts] | None = None
        self._urls: dict[str, tuple[float, str | None]] = {}

    def facts(self, app: AppSettings) -> AppFacts:
        """What GitHub says of *app*, at most some seconds old; never raises what GitHub causes."""
        kept = self._facts
        if kept is not None and kept[1] == app:
            if self._clock() < kept[0] or not self._asking.acquire(blocking=False):
                return kept[2]  # another request is asking: what was found before will do
        else:
            self._asking.acquire()
        try:
            kept = self._facts
            if kept is not None and kept[1] == app and self._clock() < kept[0]:
                return kept[2]
            facts = self._fetch(app)
            self._facts = (self._clock() + KEPT_SECONDS, app, facts)
        finally:
            self._asking.release()
        return facts

    def forget(self) -> None:
        """Ask again at the next view."""
        self._facts = None

    def trouble_of(self, public_url: str) -> str | None:
        """Why *public_url* does not lead here, as far as can be seen from here; None if it does."""
        kept = self._urls.get(public_url)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        try:
            verify_reachable(public_url)
            found = None
        except SelfCheckError as error:
            found = str(error)
        if len(self._urls) > 20:
            self._urls.clear()
        self._urls[public_url] = (self._clock() + KEPT_SECONDS, found)
        return found

    def _fetch(self, app: AppSettings) -> AppFacts:
        github = self._runtime.settings.github
        if app.private_key is None:
            return AppFacts("key", "There is no private key.")
        facts = fetch_app_facts(
            github.api_url, github.url, app.app_id, app.private_key, now=self._runtime.now
        )
        is_renamed = facts.app_id == app.app_id and facts.slug != app.slug
        if is_renamed and app.source == "registration":
            with self._runtime.db.transaction() as session:
                rename_app(
                    session, app.app_id, facts.slug, name=facts.name, now=self._runtime.now()
                )
            self._runtime.forget_app()
        return facts


def find_ours(session: Session, runtime: Runtime, app: AppSettings) -> Ours:
    """What we hold of *app*, secrets apart."""
    registration = find_registration(session) if app.source == "registration" else None
    return Ours(
        app_id=app.app_id,
        slug=app.slug,
        public_url=runtime.settings.public_url,
        github_url=runtime.settings.github.url,
        is_from_environment=app.source == "environment",
        has_key=app.private_key is not None,
        has_webhook_secret=bool(app.webhook_secrets),
        secret_since=registration.registered_at if registration else None,
    )


def find_arrived(session: Session, refusals: Refusals, ours: Ours) -> Arrived:
    """What reached the intake: everything stored had a good signature.

    GitHub pings as soon as the App is made. That ping comes before its secret is here, or before
    every process has read it, and says nothing of whether the secret is right.
    """
    newest = select(Delivery.event, Delivery.received_at).order_by(Delivery.id.desc()).limit(1)
    last = session.execute(newest).one_or_none()
    told = session.execute(newest.where(Delivery.event != "ping")).one_or_none()
    starts = [last.received_at] if last else []
    if ours.secret_since is not None:
        starts.append(ours.secret_since + timedelta(seconds=SECRETS_KEPT_SECONDS))
    refused, last_refused = refusals.since(max(starts, default=None))
    return Arrived(
        last_good=last.received_at if last else None,
        last_event=told.event if told else None,
        last_event_at=told.received_at if told else None,
        refused=refused,
        last_refused=last_refused,
    )
