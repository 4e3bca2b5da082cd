"""One measured figure, its reference out of the same run, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADS = ("what", "measured", "reference", "ratio", "goal", "")


@dataclass(frozen=True)
class Figure:
    """`ratio` compares the two as the goal says; `is_met` is None where there is no goal."""

    what: str
    measured: str
    reference: str
    ratio: float | None = None
    goal: str = ""
    is_met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}x"
        met = {True: "met", False: "NOT MET", None: ""}[self.is_met]
        return (self.what, self.measured, self.reference, ratio, self.goal, met)


def render_table(figures: Sequence[Figure]) -> str:
    rows = [HEADS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
