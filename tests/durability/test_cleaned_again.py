"""A store that an older version has filled: what today's rules refuse leaves the feeds, and that alone."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import feedparser
import pytest

from aggregator.process.sanitize import RULES_VERSION
from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss

HARMFUL = "<p>Text <b>of old</b>.</p><script>ran()</script><p onclick='ran()'>More.</p>"
# Too deep for the cleaner to be trusted with it, and for the page that would show it.
TOO_DEEP = "<div>" * 60_000 + "<script>ran()</script>Deep words."
COUNT = 40

SMALL_BATCHES = """
from aggregator.crawl import again
again.BATCH = 4
from aggregator.cli import main
{}
main()
"""
KILLED_MIDWAY = """
import os, signal
from aggregator.store.database import Database
stored, clean_again = [], Database.clean_again
async def until_killed(self, done):
    changed = await clean_again(self, done)
    stored.append(changed)
    if len(stored) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return changed
Database.clean_again = until_killed
"""


@pytest.fixture
def program(tmp_path: Path, threaded_origin: ThreadedOrigin) -> Program:
    """With a store of `COUNT` items whose content older rules have let through."""
    items = [(f"g{n}", f"Item {n}") for n in range(COUNT)]
    threaded_origin.serve("/feed", rss(*items))
    source = {"name": "acme", "url": threaded_origin.url("/feed"), "every": "1h", "category": "news"}
    program = Program(tmp_path, configuration([source]))
    assert program.refresh()["items"]["new"] == COUNT
    with closing(sqlite3.connect(program.database)) as plain, plain:
        plain.execute("UPDATE item SET content_html = ?, rules_version = 1", (HARMFUL,))
    return program


def versions(program: Program) -> list[int]:
    """The rules of each item, the newest first."""
    with closing(sqlite3.connect(program.database)) as plain:
        return [row[0] for row in plain.execute("SELECT rules_version FROM item ORDER BY id DESC")]


def bodies(program: Program) -> set[str]:
    with closing(sqlite3.connect(program.database)) as plain:
        return {row[0] for row in plain.execute("SELECT content_html FROM item")}


def test_the_daemon_cleans_what_it_serves_and_tells_no_news(
    program: Program, threaded_origin: ThreadedOrigin
) -> None:
    with closing(sqlite3.connect(program.database)) as plain, plain:
        plain.execute("UPDATE item SET content_html = ? WHERE guid = 'g7'", (TOO_DEEP,))
    with Daemon(program, "serve") as reader:
        before = reader.get("/feeds/category/news.atom")
    assert b"ran()" in before[2]
    with Daemon(program) as daemon:
        line = json.loads(daemon.wait_for("items.cleaned_again"))
        assert (line["items"], line["changed"], line["undone"]) == (COUNT, COUNT, 0)
        after = daemon.get("/feeds/category/news.atom", If_None_Match=before[1]["etag"])
        dated = daemon.get("/feeds/category/news.atom", If_Modified_Since=before[1]["last-modified"])
        assert (after[0], dated[0]) == (200, 200), "whoever has the old one gets the new one"
    assert b"ran()" not in after[2]
    entries = [feedparser.parse(each[2]).entries for each in (before, after)]
    told = [[(one.id, one.title, one.updated) for one in some] for some in entries]
    assert told[0] == told[1], "in the same places, under the same dates"
    contents = {one.id: one.content[0].value for one in entries[1]}
    assert sorted(set(contents.values())) == ["<p>Deep words.</p>", "<p>Text <b>of old</b>.</p><p>More.</p>"]
    assert set(versions(program)) == {RULES_VERSION}
    assert not any("Traceback" in line for line in daemon.lines)

    threaded_origin.serve("/feed", rss(*[(f"g{n}", f"Item {n}") for n in range(COUNT)], title="Renamed"))
    report = program.refresh()
    assert report["items"] == {"new": 0, "updated": 0, "unchanged": COUNT, "dropped": 0}


def test_killed_midway_it_goes_on_there(program: Program) -> None:
    program.launch = ("-c", SMALL_BATCHES.format(KILLED_MIDWAY))
    assert program.run("refresh").returncode == -9
    assert versions(program) == [RULES_VERSION] * 12 + [1] * (COUNT - 12), "the newest first"
    program.launch = ("-c", SMALL_BATCHES.format(""))
    done = program.run("refresh", options=["--log-format", "json"])
    assert done.returncode == 0, done.stderr
    [line] = [json.loads(line) for line in done.stderr.splitlines() if "items.cleaned_again" in line]
    assert (line["items"], line["changed"]) == (COUNT - 12, COUNT - 12)
    assert set(versions(program)) == {RULES_VERSION}
    assert bodies(program) == {"<p>Text <b>of old</b>.</p><p>More.</p>"}
    done = program.run("refresh", options=["--log-format", "json"])
    assert "items.cleaned_again" not in done.stderr
