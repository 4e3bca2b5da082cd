"""Path globs by which a project takes a part of a repository, as people write them.

They are the positive patterns of `.gitignore`, one a line: `web/`, `/shared/*.py`, `docs/**`.
"""

from __future__ import annotations

from pathspec import GitIgnoreSpec

from domain.errors import InvalidError
from domain.text import clean_text

MOST_GLOBS = 100
LONGEST_GLOB = 200
MOST_STARS = 6  # in one glob: with each, matching a path may take so many times longer


def parse_path_globs(text: str) -> list[str] | None:
    """The globs, each once, in their order; None for all paths. Raises InvalidError."""
    lines = (line.strip() for line in clean_text(text).splitlines())
    globs = [line for line in dict.fromkeys(lines) if line]
    if len(globs) > MOST_GLOBS:
        raise InvalidError(f"These are {len(globs)} path globs; at most {MOST_GLOBS} are possible.")
    for glob in globs:
        _verify(glob)
    return globs or None


def _verify(glob: str) -> None:
    if len(glob) > LONGEST_GLOB:
        raise InvalidError(f"A path glob has at most {LONGEST_GLOB} characters.")
    if glob.count("*") > MOST_STARS:
        raise InvalidError(f"A path glob has at most {MOST_STARS} stars.")
    if glob.startswith("!"):
        raise InvalidError(f"“{glob}” excludes: path globs only say what belongs to the project.")
    if glob.startswith("#"):
        raise InvalidError(f"“{glob}” is a comment: leave it out, or write \\# for a file's name.")
    try:
        takes_something = any(
            pattern.include is not None for pattern in GitIgnoreSpec.from_lines([glob]).patterns
        )
    except ValueError as error:
        raise InvalidError(f"“{glob}” is no path glob as git reads them: {error}") from error
    if not takes_something:
        raise InvalidError(f"“{glob}” matches no path.")
