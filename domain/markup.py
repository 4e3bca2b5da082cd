"""Parts of a message that are not its author's own plain words (sentry-api.md 9, OURS 24).

As much Markdown as commit messages and pull requests use, in time linear in the text.
"""

import re
from itertools import pairwise

# GitHub lists the subjects of squashed commits as `* subject`. The subject that was reverted may
# hold quotes itself, so the quoted part ends at the last one.
_REVERTED_SUBJECT = re.compile(
    r'(\A\s*|^[ \t]*[*-][ \t]+)((?:revert|reapply) ")(.*)', re.IGNORECASE | re.MULTILINE
)
_CUT_BEGINS = re.compile(
    r"<!--|^[ \t]*(?:(?P<quote>>.*(?:\n[ \t]*>.*)*+)|(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}).*$)",
    re.MULTILINE,
)
_FENCE_ENDS = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()\n]++|\([^()\n]*\))*+\)")
# A code span ends with its paragraph or list item, so that a stray backtick swallows no more.
_TICKS = re.compile("`+")
_PARAGRAPH = re.compile(r"\n[ \t\r]*(?:\n|[-*+][ \t]|[0-9]{1,9}[.)][ \t])")


def strip_markup(text: str) -> str:
    """Cut out what a text quotes: reverted subjects, quoted lines, HTML comments, fenced code.

    Links are replaced by their text; a space or a blank line stays where something was cut.
    """
    text = _REVERTED_SUBJECT.sub(_drop_quoted_subject, text)
    kept, position = [], 0
    last_comment_end = text.rfind("-->")
    while begin := _CUT_BEGINS.search(text, position):
        end = _find_cut_end(text, begin, last_comment_end)
        kept += [text[position : begin.start()], " "] if end else [text[position : begin.end()]]
        position = end or begin.end()
    return _LINK.sub(r"\1", "".join([*kept, text[position:]]))


def find_code_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of each code span, backticks included, in order."""
    if "`" not in text:
        return []
    spans = []
    paragraphs = [0, *(match.end() for match in _PARAGRAPH.finditer(text))]
    for start, end in pairwise([*paragraphs, len(text)]):
        spans += _find_spans_of_paragraph(text, start, end)
    return spans


def _find_spans_of_paragraph(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Pair each run of backticks with the next one of equal length, as Markdown does."""
    runs = [(match.start(), match.end()) for match in _TICKS.finditer(text, start, end)]
    closing: list[int | None] = [None] * len(runs)
    next_of_length: dict[int, int] = {}
    for index in range(len(runs) - 1, -1, -1):
        length = runs[index][1] - runs[index][0]
        closing[index] = next_of_length.get(length)
        next_of_length[length] = index
    spans, index = [], 0
    while index < len(runs):
        close = closing[index]
        if close is not None:
            spans.append((runs[index][0], runs[close][1]))
            index = close
        index += 1
    return spans


def _drop_quoted_subject(match: re.Match[str]) -> str:
    _, quote, rest = match[3].rpartition('"')
    return f"{match[1]}{match[2]}{quote}{rest if quote else ''}"


def _find_cut_end(text: str, begin: re.Match[str], last_comment_end: int) -> int | None:
    """Return where the cut ends that begins here; None for a comment that never ends."""
    if begin["fence"]:
        return _find_fence_end(text, begin)
    if begin["quote"]:
        return begin.end()
    if begin.end() > last_comment_end:
        return None
    return text.index("-->", begin.end()) + len("-->")


def _find_fence_end(text: str, begin: re.Match[str]) -> int:
    """Return the end of the closing fence: of the same kind and at least as long, else the text's."""
    fence = begin["fence"]
    for match in _FENCE_ENDS.finditer(text, begin.end()):
        if match[1].startswith(fence):
            return match.end()
    return len(text)
