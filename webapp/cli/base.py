"""What the commands share: errors as one line, exit status 2 for usage and 1 for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from domain.errors import ShiplogError
from domain.provenance import Why
from webapp.context import shiplog


class OneLineError(click.ClickException):
    """An error of which people see one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"Error: {self.message}", file=file, err=file is None)


class OneLineUsageError(OneLineError):
    """The command was given something that it cannot take."""

    exit_code = 2


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise  # prints the help
    except click.UsageError as error:
        raise OneLineUsageError(error.format_message()) from error
    except ShiplogError as error:
        raise OneLineError(str(error)) from error
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        is_behind = "no such" in reason or "does not exist" in reason  # a table, or a column
        hint = " (`flask db upgrade` brings it up to date)" if is_behind else ""
        raise OneLineError(f"the database cannot be used: {reason}{hint}") from error


class Verb(click.Command):
    """A command whose errors are one line."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with _one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _one_line():
            return super().invoke(ctx)


class Noun(Verb, AppGroup):
    """A group of commands; their errors are one line, its own as well."""


org_option = click.option("--org", required=True, metavar="SLUG", help="The organization.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def command_why() -> Why:
    """Whoever sits at the server as the cause of a change, now."""
    return Why(shiplog().runtime.now(), source="command", actor="the command line")


def show(document: object, text: str, *, as_json: bool) -> None:
    """Print *document* as JSON, or *text*."""
    click.echo(json.dumps(document) if as_json else text)
