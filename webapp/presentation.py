"""What the templates may call: moments, addresses on GitHub, words for states and timelines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from flask import Flask
from markupsafe import Markup

from config import Settings
from domain.activities import TimelineEntry

SHORT_SHA = 10
KINDS = {
    "referenced_in_commit": "Named by a commit",
    "referenced_in_pull_request": "Named by a pull request",
    "pull_request_unlinked": "No longer named by a pull request",
    "resolved_in_release": "Resolved in a release",
    "commits_changed": "Commit list changed",
    "commits_set": "Commits counted",
}
BASES = {
    "graph": "the commit graph",
    "explicit": "a list that a client stated",
    "latest": "the latest commits that are known",
}
INTERNAL = ("source", "last_commit_id")  # row ids, and what a line says in other words


def add_template_helpers(app: Flask, settings: Settings) -> None:
    def github(full_name: str, *path: str | int) -> str:
        """An address below a repository on GitHub."""
        parts = [quote(str(part), safe="") for part in path]
        return "/".join([settings.github.url, quote(full_name, safe="/"), *parts])

    app.jinja_env.globals.update(github=github)
    app.jinja_env.filters.update(
        moment=show_moment,
        short=lambda sha: sha[:SHORT_SHA],
        counted=lambda number, noun: f"{number} {noun}" if number == 1 else f"{number} {noun}s",
        happening=name_happening,
        details=list_details,
        basis=lambda basis: BASES.get(basis, basis),
        web_url=only_web_url,
    )


def show_moment(moment: datetime | None) -> Markup:
    """A moment as people read it, in UTC, with the exact one in the markup."""
    if moment is None:
        return Markup("–")  # noqa: RUF001 (a dash where no time is known)
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M} UTC</time>').format(utc.isoformat(), utc)


def name_happening(entry: TimelineEntry) -> str:
    """What happened, in a word or two; a kind that has no words here is shown as it is."""
    return KINDS.get(entry.kind) or entry.kind.replace("_", " ").capitalize()


def list_details(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """What a timeline's line says besides, in words: names, and values as text."""
    return [
        (name.replace("_", " "), _in_words(value))
        for name, value in data.items()
        if name not in INTERNAL and value not in (None, "", [], {})
    ]


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_in_words(item)}" for name, item in value.items())
    return str(value)


def only_web_url(url: str | None) -> str | None:
    """*url* if a browser may follow it: http or https, nothing that runs."""
    if url is None:
        return None
    try:
        return url if urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None
