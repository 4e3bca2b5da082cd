"""Where an issue stands by the lists of releases alone: fixed in one, or taken back by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from domain.fixes import Family, Member, Shipment, list_shipments
from domain.graph import contains
from domain.reverts import list_alive
from domain.sightings import Graphs
from models import Issue


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an issue stands by its commits: fixed in a release, or taken back by one, or neither."""

    fixed: Shipment | None = None
    taken_back: Shipment | None = None  # holds the revert


def find_verdict(session: Session, issue: Issue, family: Family, graphs: Graphs) -> Verdict:
    """Where the issue stands by all lines of all repositories together.

    It is fixed where the first line says so, unless a line took the fix back.
    """
    shipments = list_shipments(session, issue, family.members)
    verdicts = [
        _judge_line(list(line), family, graphs)
        for _, line in groupby(shipments, key=lambda shipment: shipment.line_key)
    ]
    taken_back = [one.taken_back for one in verdicts if one.taken_back is not None]
    fixed = [one.fixed for one in verdicts if one.fixed is not None]
    if taken_back:
        return Verdict(taken_back=min(taken_back, key=_seniority))
    if fixed:
        return Verdict(fixed=min(fixed, key=_seniority))
    return Verdict()


def _seniority(shipment: Shipment) -> tuple[datetime, int, str]:
    return (shipment.committed_at, shipment.repository_id, shipment.name)


def _judge_line(shipments: list[Shipment], family: Family, graphs: Graphs) -> Verdict:
    """Go through the releases of one line that hold a member of the family, the earliest first.

    A release resolves with the first living fix. It takes back only what had shipped: a pick that
    is reverted before its release says nothing of the fix on other branches.
    """
    verdict = Verdict()
    shipped: set[Member] = set()
    for _, group in groupby(shipments, key=lambda shipment: shipment.head_id):
        here = list(group)
        members = _contained(family, here, graphs)
        living = list_alive(family.fixes, members, family.reverters)
        dead = (shipped & members) - living
        if living and verdict.fixed is None:
            fixed = next((shipment for shipment in here if shipment.member in living), here[0])
            verdict = Verdict(fixed=fixed)
        elif dead and not living and verdict.fixed is not None:
            verdict = Verdict(taken_back=here[0])
        shipped = (shipped | living) - dead
    return verdict


def _contained(family: Family, here: list[Shipment], graphs: Graphs) -> set[Member]:
    """The members of the family that this release contains: as a set of reach(head)."""
    listed = {shipment.member for shipment in here}
    if not family.reverters:
        return listed
    head = here[0]
    graph = graphs.of(head.repository_id)
    return listed | {
        member
        for member in family.members - listed
        if member.repository_id == head.repository_id and contains(graph, head.head_sha, member.sha)
    }
