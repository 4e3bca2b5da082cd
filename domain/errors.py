"""What callers of the rules may catch."""

from __future__ import annotations

from typing import Any


class ShiplogError(Exception):
    """Base of all errors that people are meant to read."""


class NotFoundError(ShiplogError):
    """The thing does not exist, or the asker may not see it."""


class AlreadyExistsError(ShiplogError):
    """A thing of that name exists."""


class InvalidError(ShiplogError):
    """The input cannot be used; the message says why."""


class FieldsInvalidError(InvalidError):
    """Some fields of a request cannot be used; `messages` are by field, nested as the request is."""

    def __init__(self, messages: dict[str, Any]) -> None:
        super().__init__("Some fields of the request cannot be used.")
        self.messages = messages


class BusyError(ShiplogError):
    """Somebody else is changing the thing, for longer than is worth waiting."""


class AwayError(ShiplogError):
    """What is needed for an answer cannot be asked now; it passes by itself."""


class AmbiguousError(ShiplogError):
    """Several things answer to that name; the message names them."""
