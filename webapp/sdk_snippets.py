"""What to put into an application so that its errors arrive: a few lines for each platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

PYTHON, BROWSER, NODE, OTHER = "python", "javascript", "node", "other"
# What people choose from; the API takes any name.
PLATFORMS = {
    PYTHON: "Python",
    BROWSER: "JavaScript in browsers",
    NODE: "Node.js",
    "go": "Go",
    "ruby": "Ruby",
    "php": "PHP",
    "java": "Java",
    "csharp": ".NET",
    "rust": "Rust",
    OTHER: "another",
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines of code or of a shell, and where they belong."""

    title: str
    code: str


def list_snippets(
    platform: str | None, *, dsn: str, slug: str, org: str, url: str
) -> list[Snippet]:
    """How to report errors of the project *slug*, then how to make its releases."""
    make = _SNIPPETS.get((platform or "").partition("-")[0], _any_sdk)
    return [make(dsn, f"{slug}@1.0.0"), _try_it(dsn), _releases(slug, org, url)]


def _python(dsn: str, release: str) -> Snippet:
    code = (
        "import sentry_sdk\n\n"
        "sentry_sdk.init(\n"
        f'    dsn="{dsn}",\n'
        f'    release="{release}",  # or a tag, or the commit\'s sha\n'
        '    environment="production",\n'
        ")"
    )
    return Snippet("In the application: pip install sentry-sdk", code)


def _javascript(package: str, load: str) -> Callable[[str, str], Snippet]:
    def make(dsn: str, release: str) -> Snippet:
        code = (
            f"{load.format(package)}\n\n"
            "Sentry.init({\n"
            f'  dsn: "{dsn}",\n'
            f'  release: "{release}", // or a tag, or the commit\'s sha\n'
            '  environment: "production",\n'
            "});"
        )
        return Snippet(f"In the application: npm install {package}", code)

    return make


def _any_sdk(dsn: str, release: str) -> Snippet:
    code = f"SENTRY_DSN={dsn}\nSENTRY_RELEASE={release}\nSENTRY_ENVIRONMENT=production"
    return Snippet("In the application's environment, which most SDKs read", code)


def _try_it(dsn: str) -> Snippet:
    return Snippet(
        "Try it: this makes an issue",
        f"SENTRY_DSN={dsn} sentry-cli send-event -m 'Does this arrive?'",
    )


def _releases(slug: str, org: str, url: str) -> Snippet:
    code = (
        f"export SENTRY_URL={url} SENTRY_ORG={org} SENTRY_PROJECT={slug}\n"
        "export SENTRY_AUTH_TOKEN=…\n"
        f"sentry-cli releases new {slug}@1.0.0\n"
        f"sentry-cli releases set-commits {slug}@1.0.0 --auto\n"
        f"sentry-cli releases finalize {slug}@1.0.0"
    )
    return Snippet("In CI, where no tag makes the release", code)


_SNIPPETS: dict[str, Callable[[str, str], Snippet]] = {
    PYTHON: _python,
    BROWSER: _javascript("@sentry/browser", 'import * as Sentry from "{}";'),
    NODE: _javascript("@sentry/node", 'const Sentry = require("{}");'),
}
