"""What keeps GitHub from telling us things, or us from asking: each with its remedy, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.installation_states import InstallationRow, list_installations
from models import AppCheck, LostDelivery

SHOWN_FOR = timedelta(days=3)  # as long as GitHub keeps its log
SIGNATURE_REFUSED = 401


@dataclass(frozen=True)
class Trouble:
    """One sentence of what is wrong, and one of what to do about it."""

    title: str
    remedy: str
    since: datetime | None = None


@dataclass(frozen=True)
class Losses:
    """Deliveries of the last days that did not get here at the first try."""

    fetched: int = 0  # that are here after all
    open: int = 0
    given_up: int = 0
    refused: int = 0  # of all these, because the signature did not fit


def list_troubles(session: Session, organization_id: int, *, now: datetime) -> list[Trouble]:
    """What is wrong with the App, and with each installation of the organization."""
    rows = list_installations(session, organization_id)
    found = [*_list_of_app(session, now), *(t for row in rows for t in _list_of(row))]
    refused = count_losses(session, [row.installation.github_id for row in rows], now=now).refused
    if refused:
        deliveries = "1 delivery was" if refused == 1 else f"{refused} deliveries were"
        found.append(
            Trouble(
                f"{deliveries} refused in the last days: the signature did not fit.",
                "The webhook secret here is not the one at GitHub: give this server GitHub's, or "
                "both, the new one first, while you change it. What was refused is fetched.",
            )
        )
    return found


def count_losses(session: Session, installation_ids: list[int], *, now: datetime) -> Losses:
    """Of these installations (GitHub's ids), and of none in particular."""
    rows = session.execute(
        select(
            LostDelivery.is_here,
            LostDelivery.ended_at.is_(None),
            LostDelivery.status_code,
            func.count(),
        )
        .where(
            LostDelivery.delivered_at > now - SHOWN_FOR,
            or_(
                LostDelivery.installation_github_id.in_(installation_ids),
                LostDelivery.installation_github_id.is_(None),
            ),
        )
        .group_by(
            LostDelivery.is_here,
            LostDelivery.ended_at.is_(None),
            LostDelivery.status_code,
        )
    ).all()
    return Losses(
        fetched=sum(number for is_here, _, _, number in rows if is_here),
        open=sum(number for is_here, is_open, _, number in rows if is_open and not is_here),
        given_up=sum(number for is_here, is_open, _, number in rows if not (is_here or is_open)),
        refused=sum(number for *_, status, number in rows if status == SIGNATURE_REFUSED),
    )


def _list_of_app(session: Session, now: datetime) -> list[Trouble]:
    check = session.scalar(
        select(AppCheck)
        .where(AppCheck.trouble.is_not(None), AppCheck.due_at > now - SHOWN_FOR)
        .order_by(AppCheck.due_at.desc())
        .limit(1)
    )
    if check is None or check.trouble is None:
        return []
    title, _, remedy = check.trouble.partition("). ")
    title = f"{title})." if remedy else title
    return [Trouble(title, remedy or WAITS, check.trouble_since)]


WAITS = "Work that needs GitHub waits, and goes on by itself."


def _list_of(row: InstallationRow) -> list[Trouble]:
    installation, found = row.installation, []
    account = installation.account_login
    if installation.deleted_at is not None:
        by = f" by {installation.deleted_by_login}" if installation.deleted_by_login else ""
        found.append(
            Trouble(
                f"The App was uninstalled from {account}{by}.",
                "Install it again: what was pushed meanwhile is found then. What is known stays.",
                installation.deleted_at,
            )
        )
    elif installation.suspended_at is not None:
        by = f" by {installation.suspended_by_login}" if installation.suspended_by_login else ""
        found.append(
            Trouble(
                f"The App is suspended on {account}{by}: GitHub tells us nothing.",
                "Unsuspend it on GitHub: what was pushed meanwhile is found then. What is known "
                "stays.",
                installation.suspended_at,
            )
        )
    elif row.missing:
        names = " and ".join(permission.title for permission in row.missing)
        consequence = " ".join(permission.without for permission in row.missing)
        found.append(
            Trouble(
                f"On {account} the App may not read {names}. {consequence}",
                "Grant it on GitHub, where the App's installation asks for it.",
            )
        )
    return found
