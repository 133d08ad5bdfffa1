"""What browsers load: built files, the worker, and the pages around them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from litestar import Litestar

from server.render import Assets
from tests.conftest import Client, People

PAGE = {"Accept": "text/html"}


@pytest.fixture
def bundle(app: Litestar, tmp_path: Path) -> Path:
    """A bundle of a few files in place of the real one."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "page-abc123.js").write_text("let page = 1;" * 100)
    (folder / "sw.js").write_text("worker")
    (folder / "secret.txt").write_text("not a type that is served")
    (folder / "manifest.json").write_text(json.dumps({"page.js": "page-abc123.js"}))
    (tmp_path / "outside.js").write_text("outside")
    assets: Assets = app.state.render.assets
    assets.folder = folder
    return folder


async def test_a_hashed_file_is_kept_for_ever(app: Litestar, client: Client, bundle: Path) -> None:
    url = app.state.render.assets.url("page.js")
    assert url == "/static/page-abc123.js"
    reply = await client.get(url)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/javascript")
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.text.startswith("let page")


async def test_an_unhashed_file_is_asked_for_again_and_not_sent_twice(client: Client, bundle: Path) -> None:
    first = await client.get("/sw.js")
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["service-worker-allowed"] == "/app/"
    again = await client.get("/sw.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "name", ["none.js", "secret.txt", "%2e%2e%2foutside.js", "..%2Foutside.js", "%2Fetc%2Fpasswd", "a%00.js"]
)
async def test_nothing_else_is_served(client: Client, bundle: Path, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_a_new_bundle_is_noticed_without_a_restart(app: Litestar, bundle: Path) -> None:
    assets: Assets = app.state.render.assets
    assert assets.url("page.js").endswith("page-abc123.js")
    manifest = bundle / "manifest.json"
    manifest.write_text(json.dumps({"page.js": "page-def456.js"}))
    assets._read = (-1, {})  # the clock of the file system may be too coarse for a test
    assert assets.url("page.js").endswith("page-def456.js")


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/pupils/018f", "/app/new/home_visit?student=1"])
async def test_every_address_of_the_app_boots_it(client: Client, path: str) -> None:
    reply = await client.get(path, headers=PAGE)
    assert reply.status_code == 200
    assert "boot" in reply.text
    assert "/fill/" in reply.text, "the way without the app is told"


async def test_what_is_meant_for_the_worker_never_reaches_a_page_of_the_server(client: Client) -> None:
    client.csrf = (await client.get("/session")).json()["csrf"]
    assert (await client.post("/app/fill/1/submit")).status_code == 405


async def test_the_home_screen_gets_a_name_and_icons(client: Client) -> None:
    reply = await client.get("/manifest.webmanifest")
    assert reply.headers["content-type"].startswith("application/manifest+json")
    manifest = reply.json()
    assert manifest["scope"] == manifest["start_url"] == "/app/"
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}


async def test_the_front_door_leads_to_the_work(client: Client, school: People) -> None:
    assert (await client.get("/")).headers["location"] == "/app/"
    await client.sign_in(school.phones["office"])
    assert (await client.get("/")).headers["location"] == "/office/"
