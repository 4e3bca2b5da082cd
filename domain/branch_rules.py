"""Which branches' pushes count. What a tag needs of another branch is asked of GitHub then."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ref_globs import read_globs, split_globs
from models import Repository

NOT_FOLLOWED = "branch not tracked"


def parse_tracked_branches(text: str) -> list[str] | None:
    """Globs as they are stored, None for all branches; raises InvalidError."""
    return split_globs(text) or None


def takes_branch(globs: Sequence[str] | None, branch: str) -> bool:
    """Whether pushes to *branch* count under that setting."""
    return globs is None or read_globs(tuple(globs)).take(branch)


def is_branch_tracked(repository: Repository, branch: str) -> bool:
    return takes_branch(repository.tracked_branches, branch)
