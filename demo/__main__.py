"""`make demo`: the product at work, end to end, in front of a stand-in for GitHub.

DEMO_REPO names a clone to replay instead of the story; DEMO_MODE=import installs the App after the
history exists; DEMO_EXIT=1 ends after the summary, with an error if anything differs from git.
An argument names another directory than `.demo` for everything that is made; it is wiped first.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from demo.calls import count_calls
from demo.clone import Clone, CloneError
from demo.expected import expected_lists
from demo.github import StandIn
from demo.play import Courier, progress
from demo.product import ROOT, Product, ProductError
from demo.scenario import ORGANIZATION, Mode, Scenario, play_history, play_story
from demo.summary import Summary, judge, render

MARK = "made-by-the-demo"


class UsageError(Exception):
    """A variable that cannot be used."""


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    directory: Path
    clone: Path | None
    mode: Mode
    ends: bool

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> "Wish":
        directory = Path(arguments[0]).absolute() if arguments else ROOT / ".demo"
        path, mode = os.environ.get("DEMO_REPO"), os.environ.get("DEMO_MODE") or "live"
        if mode not in ("live", "import"):
            raise UsageError(f"DEMO_MODE: {mode!r} is neither live nor import")
        clone = Path(path).expanduser().absolute() if path else None
        if clone:
            Clone(clone)  # says at once what is wrong with it
        ends = os.environ.get("DEMO_EXIT", "") not in ("", "0")
        return cls(directory, clone, "import" if mode == "import" else "live", ends)


def make_directory(directory: Path) -> None:
    """Empty the demo's directory, provided that an earlier demo made it."""
    if directory.exists() and not (directory / MARK).exists():
        raise UsageError(f"{directory} was not made by the demo, so it will not be wiped")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / MARK).write_text("Wiped by the next demo.\n", "utf-8")


def settings(github: StandIn) -> dict[str, str]:
    """Return the environment that tells the product about the App, as an operator would write it."""
    app = github.app
    return {
        "GITHUB_URL": github.url,
        "GITHUB_API_URL": github.url,
        "GITHUB_APP_ID": str(app.app_id),
        "GITHUB_APP_SLUG": app.slug,
        "GITHUB_PRIVATE_KEY": app.private_key_pem,
        "GITHUB_WEBHOOK_SECRET": app.webhook_secret,
        "GITHUB_CLIENT_ID": app.client_id,
        "GITHUB_CLIENT_SECRET": app.client_secret,
    }


def demonstrate(wish: Wish, github: StandIn, product: Product) -> Summary:
    """Play, wait until all is worked off, and compare with git; prints the summary."""
    started = time.monotonic()
    courier = Courier(github, product)
    if wish.clone is None:
        scenario = play_story(github, product, courier, wish.mode)
    else:
        scenario = play_history(github, courier, wish.clone, wish.mode, wish.directory)
    seconds = time.monotonic() - started
    summary = compare_with_git(product, scenario)
    calls = count_calls(github.calls, scenario.heads, imported=scenario.imported)
    progress("")
    print(render(summary, calls, deliveries=courier.sent, seconds=seconds), flush=True)
    return summary


def compare_with_git(product: Product, scenario: Scenario) -> Summary:
    progress("Asking git")
    expected = expected_lists(scenario.clone)
    progress("Reading the releases")
    releases = product.releases(ORGANIZATION)
    failed = product.backlog().failed
    return judge(expected, releases, scenario.scenes, failed, scenario.for_now)


def serve(github: StandIn, product: Product) -> None:
    """Let people look around until they press Ctrl-C.

    On GitHub they are the owner who installed the App, and may install it on that account as well.
    """
    organization = github.account(ORGANIZATION, type="Organization")
    owner = github.world.actor(organization)
    github.join(organization, owner, "admin")
    github.browse_as(owner)
    github.pick_account(owner)
    github.app.setup_url = f"{product.url}/installed"
    Thread(target=pass_on, args=(github, product), daemon=True).start()
    link = product.flask("login-link", "--org", ORGANIZATION, "--role", "admin")
    print(f"\nSign in once by {link}\nor with GitHub, at {product.url}", flush=True)
    print("Ctrl-C ends it.", flush=True)
    try:
        product.wait_closed()
    except KeyboardInterrupt:
        print()


def pass_on(github: StandIn, product: Product) -> None:
    """Send what GitHub has to tell, such as of an installation at the browser."""
    while True:
        github.send_all(f"{product.url}/webhooks/github")
        time.sleep(1)


def main() -> int:
    """Run the demonstration; return the exit status."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # like Ctrl-C: the server must not outlive us
        signal.signal(ending, signal.default_int_handler)
    try:
        wish = Wish.parse(sys.argv[1:])
        make_directory(wish.directory)
        with (
            StandIn(wish.directory / "github") as github,
            Product(wish.directory, settings(github)) as product,
        ):
            github.app.hook_url = f"{product.url}/webhooks/github"
            print(f"Shiplog serves on {product.url}; GitHub is played on {github.url}", flush=True)
            summary = demonstrate(wish, github, product)
            if not wish.ends:
                serve(github, product)
                return 0
            return 0 if summary.is_good else 1
    except KeyboardInterrupt:
        print("\nThe demo was interrupted.", file=sys.stderr)
        return 130
    except (UsageError, CloneError, ProductError) as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
