"""Whether an event says that a fixed issue is back (sentry-api.md 8.4, OURS 21).

An event of release R takes a resolution back only if the code of R contains the fix. Versions and
dates decide where the graph does not know, and it is stored that they did. Everything is read off
what is stored, so that it does not matter what arrived first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.fixes import Family, Member
from domain.reverts import list_alive
from domain.sightings import Graphs, Place, Shipped, Sighting
from domain.versions import compare
from models import Resolution, ResolutionKind

GRAPH, VERSION, DATE = "graph", "version", "date"


@dataclass(frozen=True)
class Regression:
    """An event came from a release that should be free of the issue."""

    version: str | None  # of the release; None: the event names none
    judged_by: str


@dataclass(frozen=True)
class Judge:
    """What decides, for one issue: graphs, and whether its project's versions can be compared."""

    graphs: Graphs
    follows_semver: bool

    def living(self, family: Family, shipped: Shipped) -> set[Member] | None:
        """The fixes that *shipped* contains, but for reverted ones; None if nothing is known."""
        repositories = {repository_id for repository_id, _ in shipped.heads}
        members = [one for one in family.members if one.repository_id in repositories]
        if not members:
            return None
        held = set()
        for member in members:
            verdict = self.graphs.contains(shipped.heads, (member.repository_id, member.sha))
            if verdict is None:
                return None
            if verdict:
                held.add(member)
        return list_alive(family.fixes, held, family.reverters)

    def is_after(self, version: str, at: datetime, shipped: Shipped) -> tuple[bool, str]:
        """Whether *shipped* is *version* or comes after it, by versions or else by dates."""
        if self.follows_semver:
            order = compare(version, shipped.version)
            if order is not None:
                return order <= 0, VERSION
        return at <= shipped.at, DATE

    def is_strictly_after(self, version: str, at: datetime, shipped: Shipped) -> tuple[bool, str]:
        """As `is_after`, but for the same version or moment."""
        if self.follows_semver:
            order = compare(version, shipped.version)
            if order is not None:
                return order < 0, VERSION
        return at < shipped.at, DATE


def list_refuted(
    judge: Judge, family: Family, sightings: Sequence[Sighting]
) -> dict[Member, Regression]:
    """The fixes that did not work: the issue was seen in a release that contains them."""
    refuted: dict[Member, Regression] = {}
    for sighting in sightings:
        for member in judge.living(family, sighting.shipped) or ():
            for home in family.homes(member):
                refuted.setdefault(home, Regression(sighting.shipped.version, GRAPH))
    return refuted


def find_later_sighting(
    judge: Judge, family: Family, fixed: Shipped, sightings: Sequence[Sighting]
) -> Regression | None:
    """A sighting, after *fixed* shipped the fix, in a release of which the graph knows nothing."""
    for sighting in sightings:
        if sighting.last_seen <= fixed.at or judge.living(family, sighting.shipped) is not None:
            continue
        is_back, judged_by = judge.is_after(fixed.version, fixed.at, sighting.shipped)
        if is_back:
            return Regression(sighting.shipped.version, judged_by)
    return None


def find_regression(
    judge: Judge,
    record: Resolution,
    family: Family,
    sightings: Sequence[Sighting],
    *,
    last_seen: datetime,
) -> Regression | None:
    """The first event after a person's decision that takes it back; None: it stands.

    *last_seen* is of the issue: a resolution without a release is taken back by any event.
    """
    if record.kind == ResolutionKind.now:
        newer = [one for one in sightings if one.last_seen > record.created_at]
        if last_seen > record.created_at:
            return Regression(newer[0].shipped.version if newer else None, DATE)
        return None
    for sighting in sightings:
        if sighting.last_seen > record.created_at:
            judged_by = _judge(judge, record, family, sighting.shipped)
            if judged_by is not None:
                return Regression(sighting.shipped.version, judged_by)
    return None


def _judge(judge: Judge, record: Resolution, family: Family, shipped: Shipped) -> str | None:
    """What says that *shipped* should be free of the issue; None if it need not be."""
    if record.kind == ResolutionKind.commit:
        living = judge.living(family, shipped)
        known = None if living is None else bool(living)
    elif record.release_version:
        if shipped.version == record.release_version:
            return GRAPH
        known = _contains_any(judge, shipped, record.heads)
    elif shipped.version == record.base_version:
        return None
    else:
        known = _contains_any(judge, shipped, record.base_heads)
    if known is not None:
        return GRAPH if known else None
    if record.release_version:
        is_back, judged_by = judge.is_after(
            record.release_version, record.named_at or record.created_at, shipped
        )
    elif record.base_version:
        is_back, judged_by = judge.is_strictly_after(
            record.base_version, record.base_at or record.created_at, shipped
        )
    else:
        return None  # the fix is in no release yet
    return judged_by if is_back else None


def _contains_any(
    judge: Judge, shipped: Shipped, places: Collection[Sequence[object]]
) -> bool | None:
    """Whether *shipped* contains one of these heads; None if the graph does not know."""
    answer: bool | None = None
    for place in as_places(places):
        verdict = judge.graphs.contains(shipped.heads, place)
        if verdict is not None:
            answer = answer or verdict
    return answer


def as_places(stored: Collection[Sequence[object]]) -> list[Place]:
    """Heads as a record keeps them."""
    return [(int(str(repository_id)), str(sha)) for repository_id, sha in stored]
