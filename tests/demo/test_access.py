"""Who may ask what: App tokens, installation tokens, permissions, names that changed."""

import time

import pytest
from github import GithubException, UnknownObjectException

from tests.demo.conftest import Scene


def test_the_app_and_its_installations(scene: Scene) -> None:
    lone = scene.github.account("lone")
    second = scene.github.install(lone, [])

    assert scene.integration.get_app().id == scene.github.app.app_id
    found = {item.id: item.account.login for item in scene.integration.get_installations()}
    assert found == {scene.installation.id: "acme", second.id: "lone"}
    assert scene.integration.get_repo_installation("acme", "web").id == scene.installation.id
    assert scene.integration.get_org_installation("acme").id == scene.installation.id
    with pytest.raises(UnknownObjectException):
        scene.integration.get_app_installation(999)


BAD_CLAIMS: dict[str, tuple[dict[str, object], str]] = {
    "too long": ({"exp": int(time.time()) + 3600}, "too far in the future"),
    "expired": ({"exp": int(time.time()) - 3600}, "'exp'"),
    "clock ahead": ({"iat": int(time.time()) + 3600}, "'iat'"),
    "fractions": ({"iat": time.time() - 60.5}, "must be an Integer"),
    "no iat": ({"iat": None}, "'iat'"),
    "wrong app": ({"iss": "1"}, "'iss'"),
}


@pytest.mark.parametrize("case", BAD_CLAIMS)
def test_bad_jwts(scene: Scene, case: str) -> None:
    claims, message = BAD_CLAIMS[case]

    answer = scene.ask("/app", token=scene.jwt(**claims))

    assert answer.status == 401
    assert message in answer.data["message"]


def test_a_jwt_of_another_key_or_scheme(scene: Scene) -> None:
    head, claims, _ = scene.jwt().split(".")
    _, _, signature = scene.jwt(iss="1").split(".")

    forged = scene.ask("/app", token=f"{head}.{claims}.{signature}")
    schemed = scene.ask("/app", headers={"Authorization": f"token {scene.jwt()}"})

    for answer in (forged, schemed):
        assert answer.status == 401
        assert answer.data["message"] == "A JSON web token could not be decoded"
    assert scene.ask("/app", headers={"Authorization": f"Bearer {scene.jwt()}"}).status == 200
    client_id = scene.jwt(iss=scene.github.app.client_id)
    assert scene.ask("/app", token=client_id).status == 200


def test_tokens_end(scene: Scene) -> None:
    token = scene.integration.get_access_token(scene.installation.id).token
    assert scene.ask("/installation/repositories", token=token).status == 200

    scene.github.clock.advance(minutes=61)
    late = scene.ask("/installation/repositories", token=token)

    assert (late.status, late.data["message"]) == (401, "Bad credentials")
    fresh = scene.integration.get_access_token(scene.installation.id).token
    scene.github.revoke_tokens(scene.installation)
    assert scene.ask("/installation/repositories", token=fresh).status == 401


def test_suspended_and_removed_installations(scene: Scene) -> None:
    token = scene.integration.get_access_token(scene.installation.id).token
    scene.github.suspend(scene.installation)

    assert scene.ask("/installation/repositories", token=token).status == 401
    with pytest.raises(GithubException) as suspended:
        scene.integration.get_access_token(scene.installation.id)
    scene.github.unsuspend(scene.installation)
    scene.integration.get_access_token(scene.installation.id)
    scene.github.uninstall(scene.installation)
    with pytest.raises(GithubException) as removed:
        scene.integration.get_access_token(scene.installation.id)

    assert (suspended.value.status, removed.value.status) == (403, 404)
    assert scene.github.install(scene.acme).id != scene.installation.id


def test_an_installation_sees_its_own(scene: Scene) -> None:
    other = scene.github.repository("acme", "other")
    foreign = scene.github.repository("lone", "foreign")
    scene.github.remove_repositories(scene.installation, [other])
    [installation] = scene.integration.get_installations()

    assert [repo.full_name for repo in installation.get_repos()] == ["acme/web"]
    for hidden in ("acme/other", "lone/foreign", "acme/none", other.id, foreign.id):
        with pytest.raises(UnknownObjectException):
            scene.client.get_repo(hidden)
    scene.github.add_repositories(scene.installation, [other])
    assert {repo.name for repo in installation.get_repos()} == {"web", "other"}


def test_repositories_come_in_pages(scene: Scene) -> None:
    for number in range(64):
        scene.github.repository("acme", f"r{number}")
    [installation] = scene.integration.get_installations()

    names = [repo.name for repo in installation.get_repos()]

    assert len(set(names)) == len(names) == 65


def test_tokens_may_be_narrow(scene: Scene) -> None:
    scene.github.repository("acme", "other")
    path = f"/app/installations/{scene.installation.id}/access_tokens"

    def mint(**wish: object) -> tuple[int, str]:
        answer = scene.ask(path, "POST", wish, token=scene.jwt())
        return answer.status, answer.data.get("token", "")

    _, narrow = mint(repository_ids=[scene.repo.id], permissions={"metadata": "read"})

    assert scene.ask("/repos/acme/web", token=narrow).status == 200
    assert scene.ask("/repos/acme/other", token=narrow).status == 404
    assert scene.ask("/repos/acme/web/commits", token=narrow).status == 403
    assert mint(permissions={"contents": "write"})[0] == 422
    assert mint(repositories=["none"])[0] == 422


def test_missing_permissions_are_named(scene: Scene) -> None:
    scene.github.accept_permissions(scene.installation, {"metadata": "read"})

    answer = scene.ask("/repos/acme/web/commits")

    assert answer.status == 403
    assert answer.data["message"] == "Resource not accessible by integration"
    assert answer.headers["x-accepted-github-permissions"] == "contents=read"
    assert scene.ask("/repos/acme/web/tags").status == 200


def test_nobody_may_ask_without_credentials_or_name(scene: Scene) -> None:
    assert scene.ask("/repos/acme/web", headers={"Authorization": ""}).status == 404
    assert scene.ask("/installation/repositories", headers={"Authorization": ""}).status == 401
    assert scene.ask("/app", token="nonsense").data["message"] == "Bad credentials"
    assert scene.ask("/app").status == 401
    assert scene.ask("/repos/acme/web", headers={"User-Agent": ""}).status == 403


def test_old_names_lead_on(scene: Scene) -> None:
    shas = scene.line(40)
    scene.github.push(scene.repo, "refs/heads/main", shas[-1])
    other = scene.github.account("other", type="Organization")
    old = scene.client.get_repo("acme/web")
    scene.github.rename(scene.repo, "site")

    answer = scene.ask("/repos/acme/web/commits?per_page=10")
    assert answer.status == 301
    stable = f"{scene.github.url}/repositories/{scene.repo.id}"
    assert answer.headers["location"] == f"{stable}/commits?per_page=10"
    assert len(list(old.get_commits())) == 40
    assert scene.client.get_repo("acme/web").full_name == "acme/site"
    assert scene.client.get_repo(scene.repo.id).name == "site"

    scene.github.transfer(scene.repo, other)
    with pytest.raises(UnknownObjectException):
        scene.client.get_repo("acme/site")
    scene.github.repository("acme", "web")
    assert scene.client.get_repo("acme/web").id != scene.repo.id


def test_a_deleted_repository_is_gone(scene: Scene) -> None:
    scene.github.delete_repository(scene.repo)

    with pytest.raises(UnknownObjectException):
        scene.client.get_repo(scene.repo.id)


def test_the_enterprise_prefix(scene: Scene) -> None:
    scene.github.push(scene.repo, "refs/heads/main", scene.line(31)[-1])

    answer = scene.ask("/api/v3/repos/acme/web/commits")

    assert answer.data[0]["url"].startswith(f"{scene.github.url}/api/v3/repos/")
    assert f"<{scene.github.url}/api/v3/repositories/" in answer.headers["link"]
