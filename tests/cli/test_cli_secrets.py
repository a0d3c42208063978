"""A key in a source's address is the operator's: nothing that is given out to readers tells it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss

KEY = "SECRETKEY123"
SOURCE = "source/listing"


def everything(program: Program) -> dict[str, bytes]:
    """All that is served, by path."""
    with Daemon(program, "serve") as daemon:
        keys = ("all", "category/news", "source/listing", "source/page", "source/feed")
        paths = [f"/feeds/{key}.{suffix}" for key in keys for suffix in ("atom", "rss", "json", "html")]
        paths += ["/", "/opml", "/opml/sources", "/status", "/metrics"]
        found = {path: daemon.get(path) for path in paths}
    assert {status for status, _, _ in found.values()} == {200}
    return {path: body for path, (_, _, body) in found.items()}


def program_over(folder: Path, origin: ThreadedOrigin) -> Program:
    record = {"id": "1", "title": "One", "link": "http://site.example/1"}
    origin.serve("/api", json.dumps({"items": [record]}), content_type="application/json", etag='"v1"')
    items = (
        "<ul><li><a href='/1'>First</a></li><li><a href='#2'>Place</a> <p>in <a href=''>it</a></p></li></ul>"
    )
    origin.serve(f"/news?token={KEY}", f"<html><body>{items}</body></html>", content_type="text/html")
    origin.serve("/old", redirect=origin.url(f"/news?token={KEY}"))
    echo = f"http://site.example/?n=1&amp;k={KEY}"
    image = f"<image><url>http://site.example/i.png?k={KEY}</url><title>t</title><link>{echo}</link></image>"
    own = rss(("a", "In a feed"), extra=image).replace(b"<link>http://site.example/</link>", b"", 1)
    own = own.replace(b"Text of In a feed.", b"&lt;a href='#n'&gt;a note&lt;/a&gt;")
    origin.serve("/feed", own.replace(b"<description>", f"<link>{echo}</link><description>".encode(), 1))
    select = {"select.items": "items", "select.id": "id", "select.title": "title", "select.link": "link"}
    listing = {"name": "listing", "kind": "api", "url": origin.url(f"/api?api_key={KEY}&x=1"), **select}
    page = {
        "name": "page",
        "kind": "page",
        "url": origin.url("/old"),
        "select.item": "li",
        "select.content": "p",
    }
    feed = {"name": "feed", "url": origin.url(f"/feed?apikey={KEY}"), "category": "news"}
    return Program(folder, configuration([listing, page | {"select.title": "a", "select.link": "a"}, feed]))


def test_a_key_in_an_address_is_nowhere_in_what_is_published(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = program_over(tmp_path, threaded_origin)
    assert program.refresh()["items"]["new"] == 4
    assert [path for path, body in everything(program).items() if KEY.encode() in body] == []
    for form in ("html", "feeds", "jekyll"):
        assert program.run("export", str(tmp_path / form), "--format", form).returncode == 0
    written = [path for path in tmp_path.glob("*/**/*") if path.is_file() and "data" not in path.parts]
    assert len(written) > 9
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []
    assert KEY not in program.run("opml", "export").stdout + program.run("opml", "export", "--feeds").stdout


def test_a_key_that_was_stored_goes_although_its_listing_stays_as_it_is(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = program_over(tmp_path, threaded_origin)
    program.refresh()
    own = threaded_origin.url(f"/api?api_key={KEY}&x=1")
    with closing(sqlite3.connect(program.database)) as connection, connection:
        connection.execute("UPDATE source SET meta_link = ? WHERE name = 'listing'", (own,))
        connection.execute("UPDATE feed SET link = ? WHERE key = ?", (own, SOURCE))
        before = dict(connection.execute("SELECT key, revision FROM feed").fetchall())
    assert any(KEY.encode() in body for body in everything(program).values())
    assert program.refresh()["sources"]["not_modified"] == 1
    assert [path for path, body in everything(program).items() if KEY.encode() in body] == []
    with closing(sqlite3.connect(program.database)) as connection:
        after = dict(connection.execute("SELECT key, revision FROM feed").fetchall())
    assert {key for key in after if after[key] > before[key]} == {"all", SOURCE}
