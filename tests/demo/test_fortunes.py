"""What befalls accounts and the App: logins, keys, the end."""

import githubkit.webhooks
import pytest

from tests.demo.conftest import Scene


@pytest.mark.parametrize("kind", ["Organization", "User"])
def test_a_renamed_account_keeps_its_number_and_its_repositories(scene: Scene, kind: str) -> None:
    account = scene.acme if kind == "Organization" else scene.github.account("ana")
    repository = scene.repo if kind == "Organization" else scene.github.repository("ana", "web")
    if kind == "User":
        scene.github.install(account)
    old = account.login

    [told] = scene.github.rename_account(account, "zenith")

    githubkit.webhooks.parse("installation_target", told.body)
    assert told.payload["changes"] == {"login": {"from": old}}
    assert told.payload["account"]["id"] == account.id
    assert repository.full_name == "zenith/web"
    assert scene.github.world.find_repository(old, "web") == (repository, True)
    assert scene.github.world.find_repository("zenith", "web") == (repository, False)


def test_the_old_key_is_good_for_nothing(scene: Scene) -> None:
    old = scene.jwt()
    assert scene.ask("/app", token=old).status == 200

    scene.github.replace_private_key()

    assert scene.ask("/app", token=old).status == 401
    assert scene.ask("/app", token=scene.jwt()).status == 200


def test_a_deleted_app_is_not_found(scene: Scene) -> None:
    token = scene.jwt()
    scene.github.delete_app()

    answer = scene.ask("/app", token=token)
    assert (answer.status, answer.data["message"]) == (404, "Integration not found")
    mint = f"/app/installations/{scene.installation.id}/access_tokens"
    assert scene.ask(mint, "POST", token=token).status == 404
