"""The story against lists written by hand: subjects of the commits that git gives each tag."""

from collections.abc import Iterator

import pytest

from demo.calls import Heads
from demo.clone import Clone
from demo.expected import expected_lists
from demo.github import StandIn
from demo.story import ISSUES, Scene, Story, play

IDS = {name: f"WEB-{number}" for number, name in enumerate(ISSUES, 1)}


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with StandIn(tmp_path_factory.mktemp("github")) as running:
        yield running


@pytest.fixture(scope="module")
def played(github: StandIn) -> tuple[Story, list[Scene]]:
    account = github.account("acme", "Organization")
    repository = github.repository(account, "web")
    github.install(account)
    story = Story(github, repository, IDS, Heads())
    return story, list(play(story))


def test_every_release_of_the_story_is_what_was_meant(played: tuple[Story, list[Scene]]) -> None:
    clone = Clone(played[0].git.path)
    subjects = dict(
        line.split(" ", 1) for line in clone.run("log", "--all", "--format=%H %s").splitlines()
    )
    found = {
        tag: sorted(subjects[sha] for sha in commits)
        for tag, commits in expected_lists(clone).items()
    }

    assert {tag: names for tag, names in found.items() if "@" not in tag and "/" not in tag} == {
        "v1.0.0": ["Add a cart", "Add the checkout", "Begin the shop"],
        "v1.1.0": ["Check the cart before paying", "Show the number of things in the cart"],
        "v1.2.0": [
            "Mention prices in the notes",
            "Merge branch 'currency'",
            f"Print the currency (closes {IDS['merged']})",
        ],
        "v1.2.1": ["Round prices"],
        "v1.2.2": ["Round prices", "Round taxes as well"],
        "v2.0.0": ["Drop the old templates"],
        "v1.1.1": ["Fill in old invoices"],
        "v2.1.0": [
            f"Fold umlauts, fixes {IDS['undone']}",
            f'Revert "Fold umlauts, fixes {IDS["undone"]}"',
        ],
        "v2.2.0": ["Search through an index (#1)"],
        "v2.2.1": ["Begin the API", "Begin the command line"],
        "v2.3.0": [
            "Page through answers",
            "Queue mails",
        ],
        "v2.4.0": ["Flush the export"],
        "v2.5.0": [f"Renew the session, fixes {IDS['login']}"],
        "v2.6.0": [f'Revert "Renew the session, fixes {IDS["login"]}"'],
    }
    assert found["api/v1.1.0"] == ["Page through answers"]
    assert found["api/v1.0.0"] == found["cli@1.0.0"]


def test_the_scenes_name_every_release_once(played: tuple[Story, list[Scene]]) -> None:
    story, scenes = played
    named = [version for scene in scenes for version in scene.versions]

    assert len(named) == len(set(named)) == len(expected_lists(Clone(story.git.path)))


def test_every_issue_has_a_fate(played: tuple[Story, list[Scene]]) -> None:
    fates = [name for scene in played[1] for name in (*scene.resolves, *scene.leaves_open)]

    assert sorted(fates) == sorted(IDS.values())


def test_what_was_done_is_waiting_to_be_sent(
    github: StandIn, played: tuple[Story, list[Scene]]
) -> None:
    events = [(delivery.event, delivery.action) for delivery in github.queued]

    assert events.count(("pull_request", "closed")) == 1
    assert events.count(("release", "published")) == 1
    assert sum(delivery.payload.get("forced", False) for delivery in github.queued) == 1
