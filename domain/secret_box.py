"""Secrets at rest: encrypted under keys derived from the server's secret keys.

The first secret key writes, all of them read, so that a key can be replaced while the server runs:
put the new one before the old one, encrypt everything anew, then drop the old one.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import ShiplogError

PURPOSE = b"shiplog secrets at rest"  # sessions are signed with the same key, for another purpose


class UnreadableSecretError(ShiplogError):
    """None of the secret keys fits: the one that encrypted it is gone."""


class SecretBox:
    """Encrypts and decrypts short texts."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derive(key)) for key in secret_keys])

    def seal(self, secret: str) -> str:
        """*secret* encrypted, as ASCII text that differs at each call."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """What was sealed. Raises UnreadableSecretError."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii", "replace")).decode()
        except InvalidToken:
            raise UnreadableSecretError(
                "a stored secret cannot be read with SECRET_KEY: put the key that wrote it back"
            ) from None

    def renew(self, sealed: str) -> str:
        """The same secret, encrypted under the first key. Raises UnreadableSecretError."""
        return self.seal(self.open(sealed))


def _derive(secret_key: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(kdf.derive(secret_key.encode()))
