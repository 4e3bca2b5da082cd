"""Words for what timelines and long work hold: rules, sources, phases, and details without words."""

from __future__ import annotations

from collections.abc import Mapping

from domain.tag_rules import DATED, is_dated

MINUTE = 60
RULES = {
    "tag-makes-release": "a tag with a version in its name makes a release",
    "new-commits-by-graph": (
        "a release lists the commits that its tag reaches, without those of earlier tags "
        "with a lower version and of earlier tags that it descends from"
    ),
    "client-states-commits": "the commits that a client lists are the release's commits",
    "tags-by-settings": "the repository's settings say which tags make releases",
    "tag-on-github": "a tag counts where it stands on GitHub",
    "repository-id-stays": "a repository is known by its number on GitHub, whatever its name is",
    "github-lists-installation": (
        "who reaches the App's installation on GitHub is a member for as long as GitHub says so"
    ),
    "github-tells-roles": "GitHub says who owns the account and who installed the App",
    "installation-shows-repository": "only what the App's installation shows is followed",
    "message-names-issue": (
        "a commit message with a word such as “fixes” before an issue's short id names that issue"
    ),
    "pull-request-names-issue": (
        "a pull request's title or text with a word such as “fixes” before an issue's short id "
        "names that issue"
    ),
    "author-of-pull-request": (
        "an issue that is nobody's, and always was, goes to the member who wrote a pull request "
        "that names it"
    ),
    "author-of-commit": (
        "an issue that is nobody's, and always was, goes to the member who wrote a commit that "
        "names it, if they wish so in their account"
    ),
    "pull-requests-left-out": (
        "by the organization's settings, titles and texts of pull requests name no issue"
    ),
    "release-contains-fix": (
        "an issue is resolved in the first release that holds a commit which fixes it"
    ),
    "event-makes-issue": "an event that belongs to no issue yet makes one",
    "ignoring-ends": "an issue is ignored until the time is over, or until it befalls too many",
    "event-names-release": (
        "an event makes the release that it names, if no version, tag or commit at the head of a "
        "release answers to that name"
    ),
    "event-of-release-with-fix": (
        "an event of a release that contains the fix, or comes after it where the commit graph does "
        "not know, opens the issue again"
    ),
    "event-names-commit": (
        "a release that an event names after a commit has that commit as its last one"
    ),
    "release-reverts-fix": "a release that holds a revert of the fix opens the issue again",
}
SOURCES = {
    "api": "asked for through the API",
    "import": "found by the import of the history",
    "completion": "found by asking GitHub for what no push had brought",
    "github": "found by asking GitHub",
    "event": "reported by an SDK",
    "command": "given as a command on the server",
    "settings": "brought about by a changed setting",
}
PHASES = {
    "start": "begins",
    "tags": "reading tags",
    "tags by rest": "reading tags",
    "commits": "reading commits",
    "graph": "putting commits in order",
    "sides": "reading branches that only tags reach",
    "lists": "making the releases' lists",
    "done": "done",
}
KINDS = {  # of lines of the audit log, for choosing; others are shown by their names
    "setting_changed": "setting changed",
    "repository_lost": "repository no longer shown to us",
    "repository_regained": "repository shown to us again",
    "repository_renamed": "repository renamed",
    "installation_linked": "installation linked",
    "member_joined": "member joined",
    "member_left": "member left",
    "member_role_changed": "role changed",
}
INTERNAL = ("source", "last_commit_id")  # row ids, and what a line says in other words


def describe_rule(rule: str) -> str:
    """The rule as a clause; one that has no words here is shown by its name."""
    return RULES.get(rule) or f"the rule {rule}"


def describe_source(source: str | None) -> str:
    """What noticed it, where that was no delivery; empty where there is nothing to add."""
    return SOURCES.get(source or "", "")


def describe_phase(phase: str) -> str:
    return PHASES.get(phase, phase)


def describe_line(line: str) -> str:
    """The line of a tag, for people."""
    prefix = line.removeprefix(DATED)
    if is_dated(line):
        return f"{prefix}, by date" if prefix else "by date"
    return prefix or "versions without prefix"


def describe_time_left(seconds: float | None) -> str:
    """An estimate, as rough as it is; empty while there is none."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return "less than a minute left"
    if seconds < 90 * MINUTE:
        return f"about {round(seconds / MINUTE)} min left"
    return f"about {round(seconds / (60 * MINUTE))} h left"


def list_details(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """Names and values of *data* as text, for a happening that has no sentence of its own."""
    return [
        (name.replace("_", " "), _in_words(value))
        for name, value in data.items()
        if name not in INTERNAL and value not in (None, "", [], {})
    ]


def describe_kind(kind: str) -> str:
    """The kind of a line as a few words."""
    return KINDS.get(kind) or kind.replace("_", " ")


def describe_list_change(data: Mapping[str, object]) -> str:
    """Of a setting that is a list, what came and what went; empty for any other change."""
    before, after = data.get("before"), data.get("after")
    if not (isinstance(before, list) and isinstance(after, list) and before and after):
        return ""
    added = [str(item) for item in after if item not in before]
    removed = [str(item) for item in before if item not in after]
    told = ((added, "added"), (removed, "removed"))
    return "; ".join(f"{', '.join(items)} {what}" for items, what in told if items)


def describe_value(value: object) -> str:
    """What a setting was or became, as people would read it on its page."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value in (None, "", [], {}) else _in_words(value)


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_in_words(item)}" for name, item in value.items())
    return str(value)
