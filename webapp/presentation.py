"""What the templates may call: moments, addresses on GitHub, words for states and timelines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from urllib.parse import quote, urlsplit

from flask import Flask
from markupsafe import Markup, escape

from config import Settings
from domain.event_stack import Frame
from webapp.browsers import describe_browser
from webapp.wording import (
    describe_kind,
    describe_line,
    describe_list_change,
    describe_phase,
    describe_rule,
    describe_source,
    describe_time_left,
    list_details,
)

SHORT_SHA = 10
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
BASES = {
    "graph": "the commit graph",
    "explicit": "what a client stated",
    "previous-release": "the commits since the previous release, which is a guess",
    "latest": "the latest commits that are known",
}


def add_template_helpers(app: Flask, settings: Settings) -> None:
    def github(full_name: str, *path: str | int) -> str:
        """An address below a repository on GitHub."""
        parts = [quote(str(part), safe="") for part in path]
        return "/".join([settings.github.url, quote(full_name, safe="/"), *parts])

    def has_page(endpoint: str) -> bool:
        return endpoint in app.view_functions

    app.jinja_env.globals.update(github=github, has_page=has_page)
    app.jinja_env.filters.update(
        moment=show_moment,
        browser=describe_browser,
        duration=show_duration,
        sentence=make_sentence,
        short=lambda sha: sha[:SHORT_SHA],
        counted=lambda number, noun: f"{number} {noun}" if number == 1 else f"{number} {noun}s",
        details=list_details,
        rule_text=describe_rule,
        source_text=describe_source,
        phase_text=describe_phase,
        kind_text=describe_kind,
        list_change=describe_list_change,
        line_text=describe_line,
        time_left=describe_time_left,
        basis=lambda basis: BASES.get(basis, basis),
        web_url=only_web_url,
        coded=mark_code,
        breakable=mark_breaks,
        as_text=show_value,
        runs=list_runs,
    )


def show_moment(moment: datetime | None) -> Markup:
    """A moment in UTC as people read it; to the second in the markup and on hovering."""
    if moment is None:
        return Markup("–")  # noqa: RUF001 (a dash where no time is known)
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}" title="{:%Y-%m-%d %H:%M:%S} UTC">{} {}</time>').format(
        utc.isoformat(), utc, utc.day, f"{MONTHS[utc.month - 1]} {utc:%Y, %H:%M}"
    )


def show_duration(duration: timedelta | None) -> str:
    """A duration as people say it, in its largest unit; below ten seconds to the tenth."""
    if duration is None:
        return "–"  # noqa: RUF001 (a dash where nothing is known)
    seconds = duration.total_seconds()
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def make_sentence(text: str) -> str:
    """*text*, as errors say it, as a sentence of its own."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def mark_code(text: str) -> Markup:
    """*text* with what is between backquotes marked up as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def mark_breaks(path: str) -> Markup:
    """*path*, which may be broken after each slash."""
    return Markup("/<wbr>").join(path.split("/"))


def show_value(value: object) -> str:
    """A value of an event as people read it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def list_runs(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames, the newest call first, in runs that are the application's own or are not."""
    newest_first = reversed(frames)
    return [list(run) for _, run in groupby(newest_first, key=lambda frame: frame.in_app)]


def only_web_url(url: str | None) -> str | None:
    """*url* if a browser may follow it: http or https, nothing that runs."""
    if url is None:
        return None
    try:
        return url if urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None
