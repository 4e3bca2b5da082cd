"""People who sign in with GitHub: codes, user tokens, and who belongs to which organization."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.github.accounts import Account
from demo.github.clock import Clock

TOKEN_LIFE = timedelta(seconds=28_800)
REFRESH_LIFE = timedelta(seconds=15_811_200)
_CODE_LIFE = timedelta(minutes=10)
_MANIFEST_CODE_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Code:
    """What the browser brings back, good for one exchange."""

    user: Account
    redirect_uri: str
    challenge: str
    expires_at: datetime


@dataclass(frozen=True)
class Grant:
    """A pair of tokens; refreshing it makes another and ends this one."""

    user: Account
    token: str
    refresh_token: str
    made_at: datetime


class GrantError(Exception):
    """An exchange failed; the text is OAuth's name for the reason."""


class Grants:
    """All codes, pairs and memberships; `browser` is who sits at the browser, None says no."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self._grants: list[Grant] = []
        self.browser: Account | None = None
        self.picked: Account | None = None  # on which the browser installs the App next
        self.roles: dict[tuple[int, int], str] = {}  # (organization, user) -> admin or member
        self.invited: set[tuple[int, int]] = set()  # those who have not accepted yet
        self.taken_names: set[str] = set()  # of other people's Apps
        self._manifest_codes: dict[str, datetime] = {}  # until when they are good

    def make_code(self, user: Account, redirect_uri: str, challenge: str) -> str:
        code = secrets.token_hex(10)
        expires_at = self._clock.now() + _CODE_LIFE
        self._codes[code] = Code(user, redirect_uri, challenge, expires_at)
        return code

    def make_manifest_code(self) -> str:
        """Make what the browser brings back after an App was made from a manifest."""
        code = secrets.token_hex(10)
        self._manifest_codes[code] = self._clock.now() + _MANIFEST_CODE_LIFE
        return code

    def take_manifest_code(self, code: str) -> bool:
        """Say whether the code is good; it is not any more afterwards."""
        expires_at = self._manifest_codes.pop(code, None)
        return expires_at is not None and expires_at > self._clock.now()

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Turn a code into tokens, once; raise GrantError."""
        found = self._codes.pop(code, None)
        if found is None or found.expires_at <= self._clock.now():
            raise GrantError("bad_verification_code")
        if redirect_uri and redirect_uri != found.redirect_uri:
            raise GrantError("redirect_uri_mismatch")
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if found.challenge and proof != found.challenge:
            raise GrantError("bad_verification_code")
        return self._grant(found.user)

    def refresh(self, refresh_token: str) -> Grant:
        """Replace a pair; raise GrantError for one that is over."""
        now = self._clock.now()
        for grant in self._grants:
            if grant.refresh_token == refresh_token and grant.made_at + REFRESH_LIFE > now:
                self._grants.remove(grant)
                return self._grant(grant.user)
        raise GrantError("bad_refresh_token")

    def find_user(self, token: str) -> Account | None:
        """Return whose token it is, None once it is over."""
        now = self._clock.now()
        alive = (grant for grant in self._grants if grant.made_at + TOKEN_LIFE > now)
        return next((grant.user for grant in alive if grant.token == token), None)

    def revoke(self, user: Account) -> None:
        self._grants = [grant for grant in self._grants if grant.user is not user]

    def role(self, organization: Account, user: Account) -> str | None:
        """Return `admin` or `member`, None for a stranger."""
        return self.roles.get((organization.id, user.id))

    def reaches(self, user: Account, account: Account) -> bool:
        """Say whether the account is the user's own, or an organization that the user is in."""
        is_in = self.role(account, user) is not None and not self.is_invited(account, user)
        return user is account or is_in

    def is_invited(self, organization: Account, user: Account) -> bool:
        return (organization.id, user.id) in self.invited

    def _grant(self, user: Account) -> Grant:
        token, refresh = (f"{kind}_{secrets.token_hex(24)}" for kind in ("ghu", "ghr"))
        made = Grant(user, token, refresh, self._clock.now())
        self._grants.append(made)
        return made
