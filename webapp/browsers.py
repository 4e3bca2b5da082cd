"""Which browser a session is in, for its owner to tell it from others."""

from __future__ import annotations

# The first that is named wins: most browsers name others as well, for old servers' sake.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
SHOWN = 60  # characters of what is neither


def describe_browser(user_agent: str) -> str:
    """Such as `Firefox on Linux`; what is unknown as it named itself."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), None)
    if browser is None:
        return user_agent[:SHOWN] or "unknown"
    return f"{browser} on {system}" if system else browser
