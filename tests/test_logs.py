"""What log lines never hold, in either form."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from logs import configure_logging

SECRET = "-".join(("tell", "nobody"))


@pytest.fixture(autouse=True)
def configured_as_before() -> Iterator[None]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("logger", ["ours", "flask"])
def test_a_traceback_shows_code_and_no_values(
    form: Literal["text", "json"], logger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it goes wrong there are keys, tokens and bodies in the variables."""
    configure_logging(form)
    log = structlog.get_logger("ours") if logger == "ours" else logging.getLogger(logger)

    def use(private_key: str) -> None:
        raise ValueError(len(private_key))

    try:
        use(SECRET)
    except ValueError:
        log.exception("it went wrong")

    said = capsys.readouterr().err
    assert "it went wrong" in said
    assert "in use" in said
    assert "ValueError: 11" in said
    assert SECRET not in said
