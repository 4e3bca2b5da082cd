"""Signing in with GitHub, what users may ask, and the manifest."""

import base64
import hashlib
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import githubkit.webhooks
from githubkit_schemas.latest import models

from tests.demo.conftest import Scene

BACK = "http://127.0.0.1/auth/callback"


def browse(scene: Scene, path: str, form: dict[str, str] | None = None) -> dict[str, str]:
    """Go to a page and return the query of the address it leads to."""
    connection = HTTPConnection(urlsplit(scene.github.url).netloc, timeout=10)
    body = urlencode(form) if form else None
    connection.request("POST" if form else "GET", path, body, {"User-Agent": "browser"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def exchange(scene: Scene, **wish: str) -> Any:
    app = scene.github.app
    known = {"client_id": app.client_id, "client_secret": app.client_secret}
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    path = "/login/oauth/access_token"
    answer = scene.ask(path, "POST", known | wish, headers=headers | {"Authorization": ""})
    assert answer.status == 200
    return answer.data


def authorize(scene: Scene, **more: str) -> dict[str, str]:
    query = {"client_id": scene.github.app.client_id, "redirect_uri": BACK, "state": "s"} | more
    return browse(scene, "/login/oauth/authorize?" + urlencode(query))


def test_signing_in_with_proof(scene: Scene) -> None:
    ana = scene.github.user("ana", emails=["ana@acme.example"])
    scene.github.browse_as(ana)
    digest = hashlib.sha256(b"verifier").digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")

    back = authorize(scene, code_challenge=challenge, code_challenge_method="S256")
    tokens = exchange(scene, code=back["code"], code_verifier="verifier", redirect_uri=BACK)
    user = scene.ask("/user", token=tokens["access_token"])

    assert back["state"] == "s"
    models.PublicUser.model_validate(user.data)
    assert user.data["id"] == ana.id
    assert exchange(scene, code=back["code"])["error"] == "bad_verification_code"
    unproven = authorize(scene, code_challenge=challenge)["code"]
    assert exchange(scene, code=unproven, code_verifier="x")["error"] == "bad_verification_code"


def test_refusals_and_wrong_secrets(scene: Scene) -> None:
    assert authorize(scene)["error"] == "access_denied"
    scene.github.browse_as(scene.github.user("ana"))
    code = authorize(scene)["code"]

    wrong = exchange(scene, code=code, client_secret="wrong")
    elsewhere = exchange(scene, code=code, redirect_uri="http://evil.example")

    assert wrong["error"] == "incorrect_client_credentials"
    assert elsewhere["error"] == "redirect_uri_mismatch"


def test_refreshing_ends_the_old_pair(scene: Scene) -> None:
    ana = scene.github.user("ana")
    scene.github.browse_as(ana)
    old = exchange(scene, code=authorize(scene)["code"])
    scene.github.clock.advance(hours=9)
    assert scene.ask("/user", token=old["access_token"]).status == 401
    wish = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}

    new = exchange(scene, **wish)

    assert scene.ask("/user", token=new["access_token"]).status == 200
    assert exchange(scene, **wish)["error"] == "bad_refresh_token"
    scene.github.revoke_authorization(ana)
    assert scene.ask("/user", token=new["access_token"]).status == 401
    told = scene.github.queued[-1]
    githubkit.webhooks.parse("github_app_authorization", told.body)


def test_what_a_user_sees(scene: Scene) -> None:
    github, ana = scene.github, scene.github.user("ana", emails=["ana@acme.example"])
    github.install(github.account("other", type="Organization"))
    github.join(scene.acme, ana, "admin")
    github.browse_as(ana)
    token = exchange(scene, code=authorize(scene)["code"])["access_token"]
    listed = f"/user/installations/{scene.installation.id}/repositories"

    installations = scene.ask("/user/installations", token=token).data
    repositories = scene.ask(listed, token=token).data

    models.UserInstallationsGetResponse200.model_validate(installations)
    assert [item["id"] for item in installations["installations"]] == [scene.installation.id]
    assert repositories["repositories"][0]["permissions"]["admin"]
    assert scene.ask("/user/emails", token=token).status == 403
    assert scene.ask("/user/memberships/orgs/acme", token=token).status == 403
    wanted = {"members": "read", "email_addresses": "read"}
    github.app.permissions |= wanted
    github.accept_permissions(scene.installation, github.app.permissions)
    membership = scene.ask("/orgs/acme/memberships/ana").data
    models.OrgMembership.model_validate(membership)
    assert (membership["state"], membership["role"]) == ("active", "admin")
    assert scene.ask("/user/memberships/orgs/acme", token=token).data["role"] == "admin"
    assert scene.ask("/user/emails", token=token).data[0]["verified"]
    github.leave(scene.acme, ana)
    assert scene.ask("/user/installations", token=token).data["total_count"] == 0


def test_the_app_is_registered_by_manifest(scene: Scene) -> None:
    manifest = {
        "name": "Acme Releases",
        "url": "https://shiplog.example",
        "redirect_url": "http://127.0.0.1/setup",
        "hook_attributes": {"url": "http://127.0.0.1/webhooks/github"},
        "default_permissions": {"contents": "read"},
        "default_events": ["push"],
    }
    path = "/organizations/acme/settings/apps/new?state=x"

    back = browse(scene, path, {"manifest": json.dumps(manifest)})
    conversion = f"/app-manifests/{back['code']}/conversions"
    made = scene.ask(conversion, "POST", headers={"Authorization": ""})

    assert (made.status, back["state"]) == (201, "x")
    models.AppManifestsCodeConversionsPostResponse201.model_validate(made.data)
    assert made.data["pem"] == scene.github.app.private_key_pem
    assert made.data["webhook_secret"] == scene.github.app.webhook_secret
    assert made.data["permissions"] == {"metadata": "read", "contents": "read"}
    assert scene.ask(conversion, "POST").status == 404


def test_the_app_is_installed_at_the_browser(scene: Scene) -> None:
    github, ana = scene.github, scene.github.user("ana")
    github.app.setup_url = "http://127.0.0.1/installed"
    other = github.account("other", type="Organization")
    github.browse_as(ana)
    github.pick_account(other)
    path = f"/apps/{github.app.slug}/installations/new?state=x"
    github.join(other, ana)
    assert browse(scene, path) == {"setup_action": "request", "state": "x"}

    github.join(other, ana, "admin")
    back = browse(scene, path)

    told = github.queued[-1].payload
    assert back == {
        "installation_id": str(told["installation"]["id"]),
        "setup_action": "install",
        "state": "x",
    }
    assert (told["action"], told["sender"]["login"]) == ("created", "ana")
    githubkit.webhooks.parse("installation", github.queued[-1].body)


def test_the_invited_are_not_in_yet(scene: Scene) -> None:
    github, ana = scene.github, scene.github.user("ana")
    github.accept_permissions(scene.installation, {"metadata": "read", "members": "read"})
    github.invite(scene.acme, ana, "admin")
    github.browse_as(ana)
    token = exchange(scene, code=authorize(scene)["code"])["access_token"]

    membership = scene.ask("/user/memberships/orgs/acme", token=token).data
    assert (membership["state"], membership["role"]) == ("pending", "admin")
    assert scene.ask("/user/installations", token=token).data["total_count"] == 0
    github.join(scene.acme, ana, "admin")
    assert scene.ask("/user/memberships/orgs/acme", token=token).data["state"] == "active"
    assert scene.ask("/user/installations", token=token).data["total_count"] == 1
