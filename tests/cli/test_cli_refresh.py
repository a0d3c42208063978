"""``refresh`` as users run it: what is stored, what is published, what is asked for a second time."""

from __future__ import annotations

import json
import os
import pty
from contextlib import suppress
from pathlib import Path

import feedparser
import pytest

from aggregator.fetch.led import WAITING
from tests.origin import ThreadedOrigin
from tests.program import HEAD, WAIT_S, Daemon, Program, configuration, rss


def test_a_feed_comes_in_and_goes_out(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/feed.xml", rss(("a", "First"), ("b", "Second")), etag='"v1"')
    source = {"name": "acme", "url": threaded_origin.url("/feed.xml"), "category": "news/tech"}
    program = Program(tmp_path, configuration([source]))
    report = program.refresh()
    assert report["exit"] == 0
    assert report["sources"] == {
        "selected": 1,
        "fetched": 1,
        "not_modified": 0,
        "unchanged": 0,
        "failed": 0,
        "skipped": 0,
    }
    assert report["items"] == {"new": 2, "updated": 0, "unchanged": 0, "dropped": 0}
    assert report["failures"] == []

    again = program.refresh()
    assert again["sources"]["not_modified"] == 1
    assert threaded_origin.seen("/feed.xml")[1].headers["if-none-match"] == '"v1"'

    with Daemon(program, "serve") as daemon:
        for key in ("all", "category/news", "category/news/tech", "source/acme"):
            for suffix in ("atom", "rss"):
                status, headers, body = daemon.get(f"/feeds/{key}.{suffix}")
                assert status == 200
                parsed = feedparser.parse(body)
                assert not parsed.bozo
                assert [entry.title for entry in parsed.entries] == ["First", "Second"]
                assert daemon.get(f"/feeds/{key}.{suffix}", If_None_Match=headers["etag"])[0] == 304
            listed = json.loads(daemon.get(f"/feeds/{key}.json")[2])
            assert [item["title"] for item in listed["items"]] == ["First", "Second"]
    assert daemon.status == 0


def test_all_that_redirect_to_one_host_are_fetched(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/slow", rss(("s", "Slow")), hold=hold)
    count = 1 + 2 * WAITING
    with ThreadedOrigin("0.0.0.0") as many:
        many.serve("/away", redirect=threaded_origin.url("/slow"))
        sources = [{"name": f"away{n}", "url": f"http://127.0.1.{n}:{many.port}/away"} for n in range(count)]
        text = configuration(sources, HEAD.replace("per_host = 64", "per_host = 1"))
        process = Program(tmp_path, text).start("refresh", "--json")
        many.wait_for("/away", count)
        threaded_origin.set(hold)
        out, _ = process.communicate(timeout=WAIT_S)
    assert json.loads(out)["sources"]["fetched"] == count


def test_an_update_is_one_item_and_changed_guids_are_no_news(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = Program(tmp_path, configuration([{"name": "acme", "url": threaded_origin.url("/f")}]))
    threaded_origin.serve("/f", rss(("a", "First"), ("b", "Second")))
    program.refresh()
    threaded_origin.serve("/f", rss(("c", "Third"), ("a", "First, corrected"), ("b", "Second")))
    assert program.refresh()["items"] == {"new": 1, "updated": 1, "unchanged": 1, "dropped": 0}
    changed = rss(("c", "Third"), ("a", "First, corrected"), ("b", "Second"))
    for letter in b"abc":
        old = f">{chr(letter)}</guid>".encode()
        changed = changed.replace(old, f">http://new.example/?p={letter}</guid>".encode())
    threaded_origin.serve("/f", changed)
    assert program.refresh()["items"] == {"new": 0, "updated": 0, "unchanged": 0, "dropped": 0} | {
        "unchanged": 3
    }
    assert program.refresh()["sources"]["unchanged"] == 1


@pytest.mark.parametrize(
    ("path", "stage", "error"),
    [
        ("/html", "parse", "NotAFeed"),
        ("/empty", "parse", "NotAFeed"),
        ("/broken", "parse", "Unparsable"),
        ("/missing", "fetch", "StatusError"),
        ("/down", "fetch", "StatusError"),
        ("/half", "fetch", "NetworkError"),
        ("/large", "fetch", "RefusedError"),
    ],
)
def test_bad_input_is_recorded_and_harms_nobody(
    tmp_path: Path, threaded_origin: ThreadedOrigin, path: str, stage: str, error: str
) -> None:
    threaded_origin.serve("/good", rss(("g", "Good")))
    threaded_origin.serve("/html", b"<!DOCTYPE html><html><body>Checking your browser</body></html>")
    threaded_origin.serve("/empty", b"")
    threaded_origin.serve("/broken", b"<rss><channel><item><title>x")
    threaded_origin.serve("/down", b"no", status=503)
    threaded_origin.serve("/half", rss(("h", "Half")), truncate_at=100)
    threaded_origin.serve("/large", b"<rss>" + b" " * 70_000)
    urls = {"good": threaded_origin.url("/good"), "bad": threaded_origin.url(path)}
    sources = [{"name": name, "url": url, "max_body": "64KiB"} for name, url in urls.items()]
    program = Program(tmp_path, configuration(sources))
    threaded_origin.serve("/before", rss(("o", "Old")))
    program.write(configuration([{**sources[0]}, {**sources[1], "url": threaded_origin.url("/before")}]))
    program.refresh()
    program.write(configuration(sources))
    report = program.refresh("--force")
    if path == "/broken":
        assert report["items"]["dropped"] + report["sources"]["failed"] >= 1
        return
    assert report["exit"] == 1
    [failure] = report["failures"]
    assert (failure["source"], failure["stage"], failure["error"]) == ("bad", stage, error)
    assert failure["message"]
    status = json.loads(program.run("status", "--json").stdout)["sources"]
    bad = next(each for each in status if each["name"] == "bad")
    assert bad["error"]["stage"] == stage
    assert bad["items"] == 1, "what was stored stays"


def test_every_source_failing_is_status_3(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    program = Program(tmp_path, configuration([{"name": "acme", "url": threaded_origin.url("/nothing")}]))
    assert program.refresh()["exit"] == 3


def test_a_broken_configuration_is_told_whole(tmp_path: Path) -> None:
    program = Program(tmp_path, HEAD + '[[source]]\nname = "a"\nurl = "ftp://x/"\nevry = "1h"\n[sote]\n')
    done = program.run("check")
    assert done.returncode == 2
    assert 'did you mean "every"' in done.stderr
    assert 'did you mean "store"' in done.stderr or 'did you mean "site"' in done.stderr
    assert "feeds.toml:" in done.stderr


def test_an_unknown_source_is_a_usage_error(tmp_path: Path) -> None:
    program = Program(tmp_path, configuration([]))
    assert program.run("refresh", "nobody").returncode == 2


def test_retry_after_holds_even_with_force_and_max_age_without(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/busy", b"", status=503, headers={"Retry-After": "3600"})
    with ThreadedOrigin() as other:
        other.serve("/fresh", rss(("a", "A")), headers={"Cache-Control": "max-age=3600"})
        urls = {"busy": threaded_origin.url("/busy"), "fresh": other.url("/fresh")}
        program = Program(tmp_path, configuration([{"name": name, "url": url} for name, url in urls.items()]))
        program.refresh()
        assert program.refresh()["sources"]["skipped"] == 2
        forced = program.refresh("--force")["sources"]
    assert (forced["skipped"], forced["unchanged"]) == (1, 1)
    assert threaded_origin.count("/busy") == 1


def told_to_wait(folder: Path, origin: ThreadedOrigin, redirecting: ThreadedOrigin) -> Program:
    """The program when a server has answered with Retry-After, and in the configuration other sources of
    the same server, and of the one that redirected there."""
    origin.serve("/busy", b"", status=503, headers={"Retry-After": "3600"})
    redirecting.serve("/moved", redirect=origin.url("/busy"))
    redirecting.serve("/good", rss(("g", "Good")))
    for name in "ab":
        origin.serve(f"/{name}", rss((name, name)))
    program = Program(folder, configuration([{"name": "moved", "url": redirecting.url("/moved")}]))
    assert program.refresh()["sources"]["failed"] == 1
    sources = [{"name": name, "url": origin.url(f"/{name}")} for name in "ab"]
    program.write(configuration([*sources, {"name": "good", "url": redirecting.url("/good")}]))
    return program


def test_a_hosts_retry_after_outlives_a_restart_for_all_its_sources(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    with ThreadedOrigin() as redirecting:
        program = told_to_wait(tmp_path, threaded_origin, redirecting)
        for _ in range(2):
            report = program.refresh("--force")
            assert (report["exit"], report["sources"]["skipped"]) == (0, 2)
        assert [threaded_origin.count(path) for path in ("/busy", "/a", "/b")] == [1, 0, 0]
        assert redirecting.count("/good") == 2, "another port is another host"
    status = json.loads(program.run("status", "--json").stdout)["sources"]
    waiting = [each for each in status if each["name"] in ("a", "b")]
    assert [(each["health"], each["failures"], each["error"]) for each in waiting] == [("held", 0, None)] * 2


def test_a_daemon_too_waits_for_what_a_host_told_its_predecessor(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    with ThreadedOrigin() as redirecting:
        program = told_to_wait(tmp_path, threaded_origin, redirecting)
        with Daemon(program) as daemon:
            daemon.wait_for("crawl.held", 2)
            daemon.wait_for("crawl.done")
            metrics = daemon.get("/metrics")[2].decode()
        assert 'aggregator_fetches_total{outcome="held"} 2.0' in metrics
        assert 'aggregator_fetches_total{outcome="failed"} 0.0' in metrics
    assert [threaded_origin.count(path) for path in ("/busy", "/a", "/b")] == [1, 0, 0]


@pytest.mark.parametrize("kind", ["feed", "page"])
def test_how_far_retry_after_reaches_and_with_which_statuses_is_the_operators_choice(
    tmp_path: Path, threaded_origin: ThreadedOrigin, kind: str
) -> None:
    threaded_origin.serve("/blocked", b"", status=403, headers={"Retry-After": "3600"})
    threaded_origin.serve("/good", rss(("a", "A")))
    head = HEAD + '[defaults]\nretry_after_on = [403, 429, 503]\nretry_after_scope = "url"\n'
    program = Program(tmp_path, head)
    blocked = {"name": "blocked", "url": threaded_origin.url("/blocked"), "kind": kind}
    select = 'select.item = "li"\n' if kind == "page" else ""
    program.write(configuration([blocked], head) + select)
    program.refresh()
    good = {"name": "good", "url": threaded_origin.url("/good")}
    program.write(configuration([good, blocked], head) + select)
    assert program.refresh("--force")["sources"] == {
        "selected": 2,
        "fetched": 1,
        "not_modified": 0,
        "unchanged": 0,
        "failed": 0,
        "skipped": 1,
    }
    assert threaded_origin.count("/blocked") == 1


def test_preview_stores_nothing(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/feed.xml", rss(("a", "First"), ("a", "First")))
    program = Program(tmp_path, configuration([{"name": "acme", "url": threaded_origin.url("/feed.xml")}]))
    done = program.run("preview", "acme")
    assert done.returncode == 0, done.stderr
    assert "First" in done.stdout
    assert "repeated" in done.stdout
    assert not program.database.exists()
    shown = json.loads(program.run("preview", "acme", "--json").stdout)
    assert [item["title"] for item in shown["items"]] == ["First"]
    assert shown["dropped"][0]["reason"] == "repeated"


def test_opml_goes_out_and_comes_in(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    source = {"name": "acme", "url": threaded_origin.url("/f"), "category": "news", "title": "Acme & Co"}
    (tmp_path / "one").mkdir()
    keyed = {"name": "keyed", "url": threaded_origin.url("/g?token=hunter2")}
    done = Program(tmp_path / "one", configuration([source, keyed])).run("opml", "export")
    exported = done.stdout
    assert "Acme &amp; Co" in exported
    assert ("hunter2" in exported, "left out" in done.stderr, "keyed" in done.stderr) == (False, True, True)
    (tmp_path / "list.opml").write_text(exported, encoding="utf-8")
    (tmp_path / "two").mkdir()
    empty = Program(tmp_path / "two", configuration([]))
    done = empty.run("opml", "import", "--write", str(tmp_path / "list.opml"))
    assert done.returncode == 0, done.stderr
    assert json.loads(empty.run("check", "--json").stdout)["effective"]["source"][0]["title"] == "Acme & Co"
    assert empty.run("opml", "import", str(tmp_path / "list.opml")).stdout == ""


def test_on_a_terminal_a_refresh_shows_how_far_it_has_come(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/f", rss(("a", "First"), ("b", "Second")))
    program = Program(tmp_path, configuration([{"name": "acme", "url": threaded_origin.url("/f")}]))
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", closefd=True) as screen:
        process = program.start("refresh", stderr=theirs)
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how Linux says that the other end of a terminal is closed
            while piece := screen.read1(4096):
                shown += piece
        out, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert b"1/1  2 new items, 0 failed" in shown
    assert out.startswith("1 sources: 1 fetched")
