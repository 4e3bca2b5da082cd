"""Who is asking: the App by JWT, an installation or a user by token; others are turned away."""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from jwt.types import Options

from demo.github.accounts import Account
from demo.github.app import App, Installation
from demo.github.clock import Clock
from demo.github.grants import Grants
from demo.github.wire import ApiError, Json, Request

_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
_EXPIRED = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
_ISSUED = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
_ISSUER = "'Issuer' claim ('iss') must be an Integer or the client ID"
_UNREADABLE = "A JSON web token could not be decoded"

# PyJWT would say in its own words, and with its own leniency, what `verify_jwt` checks by itself.
_UNCHECKED: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
}


@dataclass(frozen=True)
class Token:
    """A token of an installation; `repositories` and `permissions` may narrow what it has."""

    text: str
    installation: Installation
    expires_at: datetime
    repositories: frozenset[int] | None
    permissions: dict[str, str]


@dataclass(frozen=True)
class Caller:
    """Who asks; all are None for an anonymous request."""

    app: App | None = None
    token: Token | None = None
    user: Account | None = None

    def __str__(self) -> str:
        if self.token:
            return f"installation {self.token.installation.id}"
        if self.user:
            return f"user {self.user.login}"
        return "app" if self.app else "anonymous"


class Tokens:
    """The tokens that were minted and are not revoked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, Token] = {}

    def mint(
        self,
        installation: Installation,
        repositories: frozenset[int] | None,
        permissions: dict[str, str],
    ) -> Token:
        """Make a token for an hour; it has dots and is long, as GitHub's are by now."""
        text = f"ghs_{installation.app.app_id}_{secrets.token_hex(60)}.{secrets.token_hex(60)}"
        expires_at = self._clock.now() + timedelta(hours=1)
        token = Token(text, installation, expires_at, repositories, permissions)
        self._tokens[text] = token
        return token

    def revoke(self, installation: Installation | None = None) -> None:
        """Forget the tokens of one installation, or of all."""
        for text, token in list(self._tokens.items()):
            if installation in (None, token.installation):
                del self._tokens[text]

    def find(self, text: str) -> Token | None:
        token = self._tokens.get(text)
        if token is None or token.expires_at <= self._clock.now():
            return None
        return token


def identify(
    request: Request, app: App, tokens: Tokens, grants: Grants, *, now: float | None = None
) -> Caller:
    """Return who sent the request; raise 401 when the credentials are bad."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if not credentials:
        return Caller()
    if credentials.count(".") == 2:
        if scheme.lower() != "bearer":
            raise ApiError(401, _UNREADABLE)
        return Caller(app=verify_jwt(credentials.strip(), app, now or time.time()))
    user = grants.find_user(credentials.strip())
    if user:
        return Caller(user=user)
    token = tokens.find(credentials.strip())
    if token is None or scheme.lower() not in ("bearer", "token"):
        raise ApiError(401, "Bad credentials")
    if token.installation.suspended_at:
        raise ApiError(403, "This installation has been suspended")
    return Caller(token=token)


def verify_jwt(text: str, app: App, now: float) -> App:
    """Check signature, times and issuer as strictly as GitHub does; raise 401.

    Times are the machine's, not those of the stand-in's clock, as the client cannot know that one;
    unless the stand-in is told to be ahead of it, see `World.ahead`.
    """
    claims = _read_claims(text, app)
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or issued > now:
        raise ApiError(401, _ISSUED)
    if type(expires) is not int or expires <= now:
        raise ApiError(401, _EXPIRED)
    if expires > now + 600:
        raise ApiError(401, _TOO_FAR)
    if str(claims.get("iss")) not in (str(app.app_id), app.client_id):
        raise ApiError(401, _ISSUER)
    return app


def _read_claims(text: str, app: App) -> Json:
    for key in app.public_keys:
        try:
            claims: Json = jwt.decode(text, key, algorithms=["RS256"], options=_UNCHECKED)
        except jwt.InvalidTokenError:
            continue
        return claims
    raise ApiError(401, _UNREADABLE)
