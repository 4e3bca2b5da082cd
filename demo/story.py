"""A small history with one scene for each thing that makes releases hard, made with git on the spot.

Each scene says what it has to lead to: the release's name and which issues it resolves. Which commits
the release holds is not written down here: git says so afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from demo.calls import Heads
from demo.github import BareRepository, Repository, StandIn

ISSUES = {
    "cart": "An empty cart cannot be checked out",
    "login": "The session ends after a minute",
    "merged": "Prices lack the currency",
    "legacy": "Old invoices come out blank",
    "undone": "The search ignores umlauts",
    "squashed": "The search takes ten seconds",
    "draft": "A note on a branch that was squashed",
    "dropped": "Mails are sent twice",
    "published": "The export loses its last line",
}
"""The issues that the story needs, by the name it has for them; each gets a short id before."""

MAIN = "refs/heads/main"
ANA = "Ana Lima <ana@acme.example>"
BEN = "Ben Okafor <ben@acme.example>"


@dataclass(frozen=True)
class Scene:
    """What happened, and what it has to lead to once all is worked off."""

    title: str
    versions: tuple[str, ...]
    resolves: tuple[str, ...] = ()  # short ids, resolved in the first of the versions
    leaves_open: tuple[str, ...] = ()  # short ids that stay, or come back, unresolved
    resolves_for_now: tuple[str, ...] = ()  # short ids that a later scene opens again


@dataclass
class Story:
    """The people at work: they commit, push and tag, an hour after each other."""

    github: StandIn
    repository: Repository
    issues: Mapping[str, str]
    heads: Heads
    now: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
    tips: dict[str, str] = field(default_factory=dict)  # of branches, pushed or not
    tags: dict[str, str] = field(
        default_factory=dict
    )  # commits by tag, or by what will be said of them

    @property
    def git(self) -> BareRepository:
        return self.repository.git

    def commit(
        self, message: str, path: str, *, on: str = MAIN, by: str = ANA, merge: str | None = None
    ) -> str:
        """Commit a change of *path* to a branch, locally; with *merge*, join that branch."""
        self.now += timedelta(hours=1)
        parents = [self.tips[branch] for branch in (on, merge) if branch and branch in self.tips]
        text = f"# {message.splitlines()[0]}\n"
        sha = self.git.commit(
            {path: text}, parents=parents, message=message, author=by, date=self.now
        )
        self.tips[on] = sha
        return sha

    def branch(self, ref: str, start: str) -> None:
        """Start a branch at a commit, and push it while it is still empty."""
        self.tips[ref] = start
        self.push(ref)

    def push(self, ref: str = MAIN, *, force: bool = False) -> None:
        self.heads.push(ref, self.tips[ref], force=force)
        self.github.push(self.repository, ref, self.tips[ref], force=force, at=self.now)

    def tag(self, name: str, target: str | None = None, *, note: str | None = None) -> None:
        """Tag a commit, by default the tip of main; annotated now if there is a *note*."""
        self.now += timedelta(hours=1)
        commit = target or self.tips[MAIN]
        sha = commit
        if note is not None:
            sha = self.git.tag_object(name, commit, note, tagger=BEN, date=self.now)
        self.tags[name] = commit
        self.heads.tag(name, sha, commit)
        self.github.push(self.repository, f"refs/tags/{name}", sha, at=self.now)


def first_release(story: Story) -> Scene:
    story.commit("Begin the shop", "shop/__init__.py")
    story.commit("Add a cart", "shop/cart.py")
    story.commit("Add the checkout", "shop/checkout.py", by=BEN)
    story.push()
    story.tag("v1.0.0", note="The first one")
    return Scene("The first release holds everything so far", ("web@1.0.0",))


def a_fix(story: Story) -> Scene:
    issue = story.issues["cart"]
    story.commit("Show the number of things in the cart", "shop/cart.py")
    story.commit(f"Check the cart before paying\n\nFixes {issue}", "shop/checkout.py", by=BEN)
    story.push()
    story.tag("v1.1.0")
    title = "A lightweight tag; a commit that says Fixes resolves its issue"
    return Scene(title, ("web@1.1.0",), resolves=(issue,))


def a_merged_branch(story: Story) -> Scene:
    issue, branch = story.issues["merged"], "refs/heads/currency"
    story.branch(branch, story.tips[MAIN])
    story.commit(f"Print the currency (closes {issue})", "shop/price.py", on=branch, by=BEN)
    story.push(branch)
    story.commit("Mention prices in the notes", "NOTES.md")
    story.push()
    story.commit("Merge branch 'currency'", "shop/price.py", merge=branch)
    story.push()
    story.tag("v1.2.0", note="Prices")
    title = "A branch pushed before and merged later, released by an annotated tag"
    return Scene(title, ("web@1.2.0",), resolves=(issue,))


def two_more(story: Story) -> Scene:
    story.tags["forgotten"] = story.commit("Round prices", "shop/price.py")
    story.commit("Round taxes as well", "shop/tax.py")
    story.push()
    story.tag("v1.2.2")
    story.commit("Drop the old templates", "shop/pages.py", by=BEN)
    story.push()
    story.tag("v2.0.0", note="The second generation")
    return Scene("Two more on the main line", ("web@1.2.2", "web@2.0.0"))


def a_maintenance_line(story: Story) -> Scene:
    issue, branch = story.issues["legacy"], "refs/heads/1.1-maintenance"
    story.branch(branch, story.tags["v1.1.0"])
    story.commit(f"Fill in old invoices\n\nResolves {issue}", "shop/invoice.py", on=branch)
    story.push(branch)
    story.tag("v1.1.1", story.tips[branch], note="For those who stay on 1.1")
    title = "A maintenance release after 2.0.0 holds its own commit and no more"
    return Scene(title, ("web@1.1.1",), resolves=(issue,))


def a_revert(story: Story) -> Scene:
    issue = story.issues["undone"]
    subject = f"Fold umlauts, fixes {issue}"
    sha = story.commit(subject, "shop/search.py", by=BEN)
    reverting = f'Revert "{subject}"\n\nThis reverts commit {sha}.'
    story.commit(reverting, "shop/search.py", by=BEN)
    story.push()
    story.tag("v2.1.0")
    title = "A fix and its revert in one release: both are listed, nothing is resolved"
    return Scene(title, ("web@2.1.0",), leaves_open=(issue,))


def a_squash(story: Story) -> Scene:
    issue, draft, branch = story.issues["squashed"], story.issues["draft"], "refs/heads/index"
    story.branch(branch, story.tips[MAIN])
    story.commit(f"Try an index, fixes {draft}", "shop/index.py", on=branch, by=BEN)
    story.commit("It works now", "shop/index.py", on=branch, by=BEN)
    story.push(branch)
    pull = story.github.open_pull_request(
        story.repository,
        "index",
        title="Search through an index",
        body=f"It took ten seconds.\n\nFixes {issue}",
        at=story.now,
    )
    squash = story.commit(f"Search through an index (#{pull.number})", "shop/index.py", by=BEN)
    story.github.merge_pull_request(story.repository, pull, merge_commit_sha=squash, at=story.now)
    story.tag("v2.2.0", note="Faster")
    title = "A squashed pull request: its text resolves, the branch's own commits do not"
    return Scene(title, ("web@2.2.0",), resolves=(issue,), leaves_open=(draft,))


def packages_beside(story: Story) -> Scene:
    story.commit("Begin the API", "api/server.py")
    story.tags["untagged"] = story.commit("Begin the command line", "cli/main.py", by=BEN)
    story.push()
    story.tag("api/v1.0.0", note="First API")
    story.tag("cli@1.0.0")
    story.commit("Page through answers", "api/server.py")
    story.push()
    story.tag("api/v1.1.0")
    title = "Packages with lines of their own in one repository"
    return Scene(title, ("api@1.0.0", "cli@1.0.0", "api@1.1.0"))


def a_forced_push(story: Story) -> Scene:
    issue, before = story.issues["dropped"], story.tips[MAIN]
    story.commit(f"Send each mail once, fixes {issue}", "shop/mail.py")
    story.push()
    story.tips[MAIN] = before
    story.commit("Queue mails", "shop/mail.py")
    story.push(force=True)
    story.tag("v2.3.0", note="Mails")
    title = "A branch rewritten by a forced push: the dropped commit is in no release"
    return Scene(title, ("web@2.3.0",), leaves_open=(issue,))


def late_tags(story: Story) -> Scene:
    story.tag("v1.2.1", story.tags["forgotten"], note="It was never tagged")
    # A lightweight tag has no time of its own: this one counts as made before 2.3.0, which shrinks.
    story.tag("v2.2.1", story.tags["untagged"])
    title = (
        "Forgotten tags filled in at old commits; one of them takes commits from a later release"
    )
    return Scene(title, ("web@1.2.1", "web@2.2.1"))


def a_published_release(story: Story) -> Scene:
    issue = story.issues["published"]
    story.commit(f"Flush the export\n\nFixes: {issue}", "shop/export.py")
    story.push()
    story.now += timedelta(hours=1)
    story.github.publish_release(
        story.repository, "v2.4.0", name="Exports", target=story.tips[MAIN], at=story.now
    )
    title = "A release published on GitHub, which makes the tag"
    return Scene(title, ("web@2.4.0",), resolves=(issue,))


def a_fix_that_will_not_last(story: Story) -> Scene:
    issue = story.issues["login"]
    story.commit(f"Renew the session, fixes {issue}", "shop/session.py")
    story.push()
    story.tag("v2.5.0")
    title = "A fix is released, and its issue resolved for now"
    return Scene(title, ("web@2.5.0",), resolves_for_now=(issue,))


def a_late_revert(story: Story) -> Scene:
    issue = story.issues["login"]
    subject, fix = f"Renew the session, fixes {issue}", story.tags["v2.5.0"]
    story.commit(f'Revert "{subject}"\n\nThis reverts commit {fix}.', "shop/session.py")
    story.push()
    story.tag("v2.6.0")
    title = "A later release reverts it: the issue is open again"
    return Scene(title, ("web@2.6.0",), leaves_open=(issue,))


SCENES: tuple[Callable[[Story], Scene], ...] = (
    first_release,
    a_fix,
    a_merged_branch,
    two_more,
    a_maintenance_line,
    a_revert,
    a_squash,
    packages_beside,
    a_forced_push,
    late_tags,
    a_published_release,
    a_fix_that_will_not_last,
    a_late_revert,
)


def play(story: Story) -> Iterator[Scene]:
    """Play the scenes one after another; the caller sends what each of them queued."""
    for scene in SCENES:
        yield scene(story)
