"""Each way in which GitHub can fail us that a caller handles on its own."""

from __future__ import annotations

from datetime import datetime

from domain.errors import ShiplogError


class GitHubError(ShiplogError):
    """GitHub answered with an error, or not at all; worth another try unless a subclass says not."""


class UnreachableError(GitHubError):
    """No answer, a broken one, or 5xx: GitHub's trouble, which ends some day. Tried until then."""


class LongListError(UnreachableError):
    """GitHub does answer, but of this one person there is more to ask than there is time for."""


class NotFoundOnGitHubError(GitHubError):
    """404, or 422 for a commit: gone, never there, or no access (which looks the same).

    409 is an empty repository.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class AccessDeniedError(GitHubError):
    """401 or a plain 403: suspended, uninstalled, permission missing. Retrying does not help."""


class TokenRefusedError(GitHubError):
    """401: the token is no longer good; another one may be."""


class SignInError(GitHubError):
    """GitHub gives no tokens for what we brought; `code` is OAuth's name for the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(f"GitHub refused: {code}")
        self.code = code


class HalfAnswerError(GitHubError):
    """GitHub answered, but not what its documentation promises."""


class AppRefusedError(GitHubError):
    """GitHub does not take us for the App: key replaced, or the App is gone. Tried until it does."""


class RateLimitedError(GitHubError):
    """GitHub asks us to wait; the job is moved to *until*, no worker sleeps."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class GraphQLError(GitHubError):
    """GraphQL answered, but not what was asked; REST can say the same at more calls."""
