"""Releases whose commits a client states by refs: what the graph tells, what GitHub must be asked."""

from __future__ import annotations

import pytest

from domain.provenance import Why
from domain.repository_settings import set_tracked
from models import Repository
from tests.flows.api import Script, make_script, ref
from tests.flows.world import World


@pytest.fixture
def chain(world: World) -> list[str]:
    """Fifteen commits on main, of which the third is v1.0.0; installed, imported."""
    shas: list[str] = []
    for number in range(15):
        shas.append(world.commit(f"Commit {number}", onto=shas[-1:]))
    world.push(shas[-1])
    world.tag("v1.0.0", shas[2])
    world.github.queued.clear()
    world.install()
    world.github.reset_calls()
    return shas


@pytest.fixture
def script(world: World, chain: list[str]) -> Script:
    return make_script(world)


def test_a_ref_without_a_range_is_what_a_tag_would_be(
    world: World, chain: list[str], script: Script
) -> None:
    answer = script.state("web@1.1.0", ref(chain[7]))

    assert answer["commitList"] == {
        "state": "complete",
        "basis": "graph",
        "cause": None,
        "remedy": None,
        "comparedWith": "web@1.0.0",
        "alsoExcluded": [],
        "hidden": 0,
        "outsidePaths": 0,
    }
    assert script.shas("web@1.1.0") == chain[7:2:-1]
    assert answer["commitCount"] == 5
    assert answer["lastCommit"]["id"] == chain[7]
    assert not world.github.calls


def test_an_explicit_range_changes_no_other_list(
    world: World, chain: list[str], script: Script
) -> None:
    script.state("web@1.1.0", ref(chain[7], chain[5]))
    world.tag("v1.2.0", chain[9])
    world.settle()

    assert script.read("web@1.1.0")["commitList"]["basis"] == "explicit"
    assert script.shas("web@1.1.0") == [chain[7], chain[6]]
    assert script.shas("web@1.2.0") == [chain[9], chain[8]]  # by what 1.1.0 reaches


def test_a_later_tag_is_attached_and_does_not_replace_an_explicit_list(
    world: World, chain: list[str], script: Script
) -> None:
    script.state("web@1.1.0", ref(chain[7], chain[5]))
    world.tag("v1.1.0", chain[8])
    world.settle()

    assert world.versions() == ["web@1.0.0", "web@1.1.0"]
    assert script.shas("v1.1.0") == [chain[7], chain[6]]
    status, _ = script.send("PUT", "releases/v1.1.0/", {"refs": []})
    assert status == 200
    assert script.shas("web@1.1.0") == chain[8:2:-1]  # the tag's list counts again


def test_a_client_that_agrees_with_the_tag_leaves_its_list_alone(
    world: World, chain: list[str], script: Script
) -> None:
    answer = script.state("web@1.0.0", ref(chain[2]))

    assert answer["commitList"]["state"] == "complete"
    assert script.shas("web@1.0.0") == chain[2::-1]


def test_a_head_that_differs_from_the_tag_counts(
    world: World, chain: list[str], script: Script
) -> None:
    script.state("web@1.0.0", ref(chain[4]))
    world.tag("v1.1.0", chain[6])
    world.settle()

    assert script.shas("web@1.1.0") == [chain[6], chain[5]]
    status, _ = script.send("PUT", "releases/web@1.0.0/", {"refs": []})
    assert status == 200
    assert script.shas("web@1.1.0") == chain[6:2:-1]
    assert script.shas("web@1.0.0") == chain[2::-1]


def test_the_first_release_of_a_line_lists_the_latest_ten(
    world: World, chain: list[str], script: Script
) -> None:
    answer = script.state("other@1.0.0", ref(chain[13]))

    assert script.shas("other@1.0.0") == chain[13:3:-1]
    stated = answer["commitList"]
    assert (stated["state"], stated["basis"]) == ("incomplete", "latest")
    assert stated["cause"] == "first release: only the latest 10 of 14 commits are listed"
    assert stated["remedy"]


def test_a_version_that_is_no_version_excludes_what_it_descends_from(
    world: World, chain: list[str], script: Script
) -> None:
    script.state("nightly build", ref(chain[6]))
    script.state(chain[9], ref(chain[9]))

    assert script.shas("nightly build") == chain[6:2:-1]  # after v1.0.0, which it descends from
    assert script.shas(chain[9]) == chain[9:6:-1]
    world.tag("v1.1.0", chain[11])
    world.settle()
    assert script.shas("web@1.1.0") == chain[11:2:-1]  # of its line only v1.0.0 is earlier


@pytest.mark.parametrize(
    "said", ["abbreviated", "padded", "HEAD~6", "main~6", "v1.1.0", "upper"], ids=str
)
def test_revisions_that_the_graph_knows_cost_no_call(
    world: World, chain: list[str], script: Script, said: str
) -> None:
    world.tag("v1.1.0", chain[8])
    world.settle()
    world.github.reset_calls()
    meant = {
        "abbreviated": chain[8][:9],
        "padded": chain[8][:9] + "0" * 31,
        "upper": chain[8].upper(),
    }.get(said, said)
    answer = script.state("worker@1.0.0", ref(meant, chain[5][:10], "ACME/Web"))

    assert script.shas("worker@1.0.0") == chain[8:5:-1]
    assert answer["lastCommit"]["id"] == chain[8]
    assert not world.github.calls


@pytest.mark.parametrize(
    ("said", "meant"), [("HEAD~2", 0), ("HEAD^", 1), ("HEAD~0", 2), ("side^2", 0)]
)
def test_steps_behind_commits_of_which_a_push_told_no_parents_cost_one_call(
    world: World, chain: list[str], script: Script, said: str, meant: int
) -> None:
    pushed = [world.commit("A", onto=[chain[14]])]
    pushed.append(world.commit("B", onto=pushed[-1:]))
    pushed.append(world.commit("C", onto=pushed[-1:]))
    world.push(pushed[-1])
    world.push(world.commit("Merge", onto=[pushed[2], pushed[0]]), "side")
    world.settle()
    world.github.reset_calls()
    answer = script.state("worker@1.0.0", ref(said, chain[13]))

    assert answer["lastCommit"]["id"] == pushed[meant]
    assert len(world.github.calls) == (said != "HEAD~0")


def test_more_steps_back_than_github_lists_at_once(
    world: World, chain: list[str], script: Script
) -> None:
    side = [chain[14]]
    for number in range(110):
        side.append(world.commit(f"Side {number}", onto=side[-1:]))
    world.push(side[-1], "side")
    world.github.queued.clear()  # the webhook is lost
    answer = script.state("web@1.1.0", ref("side~105"))

    assert len(world.github.calls) == 2
    world.work_off()
    assert script.read("web@1.1.0")["lastCommit"]["id"] == side[5]
    assert answer["version"] == "web@1.1.0"
    body = {"version": "web@1.2.0", "projects": ["web"], "refs": [ref("side~200")]}
    assert script.send("POST", "releases/", body)[0] == 400


def test_what_certainly_is_no_commit_is_refused_and_changes_nothing(
    world: World, chain: list[str], script: Script
) -> None:
    body = {"version": "web@9", "projects": ["web"], "refs": [ref("no-such-branch")]}
    status, answer = script.send("POST", "releases/", body)

    assert (status, answer) == (400, {"refs": ["acme/web has no commit 'no-such-branch'"]})
    assert world.versions() == ["web@1.0.0"]


def test_ci_is_faster_than_the_push(world: World, chain: list[str], script: Script) -> None:
    late = world.commit("Fixes WEB-1", onto=[chain[14]])
    issue = world.issue()
    answer = script.state("web@1.1.0", ref(late))
    assert answer["commitList"]["state"] == "incomplete"
    world.github.fail_next(404, times=2, body={"message": "Not Found"})  # nor does GitHub know it
    world.work_off()
    assert "GitHub does not show commit" in script.read("web@1.1.0")["commitList"]["cause"]

    world.push(late)
    world.settle()

    assert script.shas("web@1.1.0") == [late, *chain[14:2:-1]]
    assert script.read("web@1.1.0")["commitList"]["state"] == "complete"
    assert world.resolved_in(issue) == "web@1.1.0"


@pytest.mark.parametrize(
    ("commit", "previous", "listed"),
    [(1, None, 14), (1, 0, 1), (-1, 0, 0)],  # -1: of old, on main; 0 and 1: inside of the push
)
def test_ci_is_faster_than_a_push_of_several_commits(
    world: World,
    chain: list[str],
    script: Script,
    commit: int,
    previous: int | None,
    listed: int,
) -> None:
    late = [chain[14]]
    for number in range(3):
        late.append(world.commit(f"Late {number}", onto=late[-1:]))
    script.state("web@1.1.0", ref(late[commit + 1], late[1] if previous == 0 else None))
    world.github.fail_next(404, times=4, body={"message": "Not Found"})
    world.work_off()
    assert "404" in script.read("web@1.1.0")["commitList"]["cause"]
    world.github.world.faults.clear()

    world.push(late[-1])  # which tells nothing of the parents of those before
    world.settle()

    assert script.read("web@1.1.0")["commitList"]["state"] == "complete"
    assert len(script.shas("web@1.1.0")) == listed


def test_a_range_that_no_push_brought_is_fetched_in_one_call(
    world: World, chain: list[str], script: Script
) -> None:
    side = [chain[4]]
    for number in range(4):
        side.append(world.commit(f"Side {number}", onto=side[-1:]))
    world.push(side[-1], "side")
    world.github.queued.clear()  # the webhook is lost
    answer = script.state("web@1.0.1", ref(side[-1], chain[4]))
    assert answer["commitList"]["state"] == "incomplete"
    assert answer["commitList"]["cause"]

    world.work_off()

    assert script.shas("web@1.0.1") == side[:0:-1]
    assert script.read("web@1.0.1")["commitList"]["state"] == "complete"
    assert len(world.github.calls) == 1


def test_github_out_of_reach_leaves_a_whole_release_that_heals(
    world: World, chain: list[str], script: Script
) -> None:
    side = world.commit("Side", onto=[chain[4]])
    world.push(side, "side")
    world.github.queued.clear()
    world.github.fail_next(503, times=8)
    answer = script.state("web@1.0.1", ref("side"))

    assert answer["commitList"]["state"] == "incomplete"
    assert "'side'" in answer["commitList"]["cause"]
    world.work_off()
    assert script.shas("web@1.0.1")[0] == side
    assert script.read("web@1.0.1")["commitList"] | {"cause": None} == {
        **script.read("web@1.0.1")["commitList"],
        "state": "complete",
        "basis": "graph",
        "cause": None,
    }


def _lose(world: World, how: str) -> None:
    if how == "suspended":
        assert world.installation is not None
        world.github.suspend(world.installation)
    else:
        _set_tracked(world, tracked=False)
    world.settle()


def _regain(world: World, how: str) -> None:
    if how == "suspended":
        assert world.installation is not None
        world.github.unsuspend(world.installation)
    else:
        _set_tracked(world, tracked=True)
    world.settle()


def _set_tracked(world: World, *, tracked: bool) -> None:
    with world.runtime.db.transaction() as session:
        repository = session.get_one(Repository, world.repository().id)
        set_tracked(session, repository, tracked=tracked, why=Why(world.clock(), source="person"))


@pytest.mark.parametrize("how", ["suspended", "not tracked"])
@pytest.mark.parametrize("said", ["sha", "abbreviation", "branch", "range", "named range"])
def test_what_is_stated_while_github_shows_nothing_is_found_once_it_does(
    world: World, chain: list[str], script: Script, said: str, how: str
) -> None:
    side = world.commit("Side", onto=[chain[14]])
    world.push(side, "side")
    world.github.queued.clear()
    _lose(world, how)
    refs = {
        "sha": ref(side),
        "abbreviation": ref(side[:9]),
        "branch": ref("side"),
        "range": ref(side, chain[13]),
        "named range": ref("side", "side~2"),
    }
    script.state("web@1.1.0", refs[said])
    world.work_off()
    told = script.read("web@1.1.0")["commitList"]
    assert told["state"] == "incomplete"
    if how == "not tracked":
        assert "not tracked" in told["cause"]
        assert told["remedy"].startswith("Track the repository")
    else:
        assert told["cause"].startswith("GitHub could not be asked")

    _regain(world, how)

    assert script.read("web@1.1.0")["commitList"]["state"] == "complete"
    listed = 2 if "range" in said else 13
    assert script.shas("web@1.1.0") == [side, *chain[14:2:-1]][:listed]


def test_the_same_request_twice_changes_nothing(
    world: World, chain: list[str], script: Script
) -> None:
    first = script.state("web@1.1.0", ref(chain[7]))
    before = [activity.kind for activity in world.activities("web@1.1.0")]
    again = script.state("web@1.1.0", ref(chain[7]))

    assert again == first
    assert [activity.kind for activity in world.activities("web@1.1.0")] == before


def test_clearing_empties_the_list(world: World, chain: list[str], script: Script) -> None:
    issue = world.issue()
    fix = world.commit(f"Fixes {issue}", onto=[chain[14]])
    world.push(fix)
    world.settle()
    script.state("web@1.1.0", ref(fix))
    assert world.resolved_in(issue) == "web@1.1.0"

    status, answer = script.send("PUT", "releases/web@1.1.0/", {"refs": []})

    assert status == 200
    assert (answer["commitCount"], answer["lastCommit"], answer["authors"]) == (0, None, [])
    assert answer["commitList"]["basis"] is None
    assert world.resolved_in(issue) is None


@pytest.fixture
def unknown(world: World) -> list[str]:
    """Fifteen commits of a repository whose history could not be imported yet."""
    shas: list[str] = []
    for number in range(15):
        shas.append(world.commit(f"Commit {number}", onto=shas[-1:]))
    world.push(shas[-1])
    world.github.queued.clear()
    world.github.fail_next(403, times=10_000, path="/branches", body={"message": "No"})
    world.install()
    assert not world.repository().is_history_known
    return shas


def test_without_history_the_first_release_is_the_latest_ten(
    world: World, unknown: list[str]
) -> None:
    script = make_script(world)
    answer = script.state("web@1.0.0", ref(unknown[12]))
    assert answer["commitList"]["state"] == "incomplete"

    world.work_off()

    stated = script.read("web@1.0.0")["commitList"]
    assert script.shas("web@1.0.0") == unknown[12:2:-1]
    assert (stated["state"], stated["basis"]) == ("incomplete", "latest")
    assert stated["cause"].startswith("GitHub could not be asked for what is missing")


def test_without_history_the_previous_release_is_a_labelled_guess(
    world: World, unknown: list[str]
) -> None:
    script = make_script(world)
    script.state("web@1.0.0", ref(unknown[6]))
    world.tick()
    script.state("web@1.1.0", ref(unknown[9]))
    world.work_off()

    stated = script.read("web@1.1.0")["commitList"]
    assert script.shas("web@1.1.0") == unknown[9:6:-1]
    assert (stated["state"], stated["basis"]) == ("incomplete", "previous-release")
    assert stated["cause"]
    assert stated["comparedWith"] == "web@1.0.0"


def test_without_history_an_explicit_range_is_complete_all_the_same(
    world: World, unknown: list[str]
) -> None:
    script = make_script(world)
    issue = world.issue()
    script.state("web@1.1.0", ref(unknown[9], unknown[4]))
    world.work_off()

    assert script.shas("web@1.1.0") == unknown[9:4:-1]
    stated = script.read("web@1.1.0")["commitList"]
    assert (stated["state"], stated["basis"], stated["cause"]) == ("complete", "explicit", None)
    assert world.resolved_in(issue) is None


def test_tags_bring_a_stated_head_onto_their_line(
    world: World, chain: list[str], script: Script
) -> None:
    script.state("shop@2.0.0", ref(chain[12]))  # a package that nobody knows: the line `shop`
    assert script.read("shop@2.0.0")["commitList"]["basis"] == "latest"
    world.tag("shop/v1.0.0", chain[6])
    world.settle()

    assert script.shas("shop@2.0.0") == chain[12:6:-1]
    assert script.read("shop@2.0.0")["commitList"]["comparedWith"] == "shop@1.0.0"
