"""What the set-up page says of the public URL."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from tests.server import free_port
from tests.webapp.setup.conftest import Site


def read_at(site: Site, url: str) -> str:
    """The page as the operator sees it who reached it at *url*."""
    client = site.browser().client
    cookie = client.get_cookie("shiplog_session")
    assert cookie is not None
    client.set_cookie("shiplog_session", cookie.value, domain=urlsplit(url).hostname or "")
    return client.get("/setup/", base_url=url).text


def test_our_own_address_leads_here(site: Site) -> None:
    page = read_at(site, site.url)

    assert site.url in page
    assert "It leads to this server." in page
    assert "It is http" in page
    assert "Your browser reached" not in page


def test_another_address_in_the_browser_is_told(site: Site) -> None:
    page = read_at(site, "http://ship.acme.example")

    assert "PUBLIC_URL=http://ship.acme.example" in page


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://x.example", "https://x.example/path", "http://"]
)
def test_what_is_no_public_url(site: Site, url: str) -> None:
    page = site.browser().client.get("/setup/", query_string={"url": url})

    assert page.status_code == 200
    assert "http or https with a host and no path" in page.text


def test_nobody_answers_there(site: Site) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    page = site.browser().client.get("/setup/", query_string={"url": url})

    assert "It cannot be reached from this server" in page.text
    assert f"PUBLIC_URL={url}" in page.text


class Elsewhere(BaseHTTPRequestHandler):
    """Redirects, or answers like any other site."""

    redirects = False

    def do_GET(self) -> None:
        self.send_response(308 if self.redirects else 200)
        if self.redirects:
            self.send_header("Location", "https://elsewhere.example/healthz")
        self.end_headers()
        self.wfile.write(b"<html>Welcome</html>")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.mark.parametrize(
    ("redirects", "sentence"),
    [(True, "It redirects to https://elsewhere"), (False, "Something else answers there")],
)
def test_something_else_answers_there(site: Site, redirects: bool, sentence: str) -> None:
    handler = type("Handler", (Elsewhere,), {"redirects": redirects})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        page = site.browser().client.get("/setup/", query_string={"url": url})
        server.shutdown()
        thread.join()

    assert sentence in page.text
