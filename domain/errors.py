"""What callers of the rules may catch."""

from __future__ import annotations


class ShiplogError(Exception):
    """Base of all errors that people are meant to read."""


class NotFoundError(ShiplogError):
    """The thing does not exist, or the asker may not see it."""


class AlreadyExistsError(ShiplogError):
    """A thing of that name exists."""


class InvalidError(ShiplogError):
    """The input cannot be used; the message says why."""


class AmbiguousError(ShiplogError):
    """Several things answer to that name; the message names them."""
