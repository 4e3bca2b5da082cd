"""Secrets at rest, and the rotation of the keys that they are encrypted under."""

from __future__ import annotations

import pytest

from domain.secret_box import SecretBox, UnreadableSecretError


def test_what_was_sealed_can_be_opened_and_is_not_to_be_seen() -> None:
    box = SecretBox(["first"])
    sealed = box.seal("-----BEGIN é")

    assert box.open(sealed) == "-----BEGIN é"
    assert "BEGIN" not in sealed
    assert box.seal("-----BEGIN é") != sealed


def test_an_older_key_reads_and_the_first_writes() -> None:
    sealed = SecretBox(["old"]).seal("secret")
    renewed = SecretBox(["new", "old"]).renew(sealed)

    assert SecretBox(["new", "old"]).open(sealed) == "secret"
    assert SecretBox(["new"]).open(renewed) == "secret"


@pytest.mark.parametrize(
    "sealed",
    ["", "é", "gAAAAA", SecretBox(["other"]).seal("secret")],
    ids=["nothing", "no ASCII", "cut", "another key"],
)
def test_what_no_key_fits_is_an_error_that_says_what_to_do(sealed: str) -> None:
    with pytest.raises(UnreadableSecretError, match="SECRET_KEY"):
        SecretBox(["mine"]).open(sealed)
