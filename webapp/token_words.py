"""What the scopes of a token open on this server, in words, in the order in which they are chosen.

What each is needed for is in `webapp/api/blueprint.py`.
"""

from __future__ import annotations

from domain.tokens import ORG_SCOPE, SCOPES

CI_SCOPES = ("org:read", "project:read", "project:releases")  # what sentry-cli needs at least
WORDS = {
    "project:releases": "see, make, change and delete releases and deploys",
    "project:read": "see projects, their keys and their releases",
    "project:write": "make projects and keys; see, make and change releases",
    "project:admin": "all that project:write opens, and delete releases",
    "org:read": "see the organization, its projects, members, repositories and commits",
    "org:write": "all that org:read opens; change repositories, make projects and keys",
    "org:admin": "all that org:write opens, and delete repositories",
    "org:integrations": "see, add, change and delete repositories",
    "event:read": "see issues and events",
    "event:write": "see issues and events; resolve, ignore and assign issues",
    "event:admin": "the same as event:write, for programs that ask for it",
    "member:read": "see members",
    "member:write": "the same as member:read, for programs that ask for it",
    "member:admin": "the same as member:read, for programs that ask for it",
    "team:read": "see teams",
    "team:write": "the same as team:read, for programs that ask for it",
    "team:admin": "the same as team:read, for programs that ask for it",
}
CI_WORDS = "releases, deploys, and what sentry-cli has to find for them; deletes nothing"
USUAL = tuple(scope for scope in WORDS if scope.startswith(("project:", "org:", "event:")))
RARE = tuple(scope for scope in SCOPES if scope != ORG_SCOPE and scope not in USUAL)


def describe_scope(scope: str) -> str:
    """What the scope opens; empty for one that is not known here."""
    return CI_WORDS if scope == ORG_SCOPE else WORDS.get(scope, "")
