"""``run``: ticks, crawls, serves, and stops when asked."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import feedparser

from aggregator.fetch.led import WAITING
from tests.origin import ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration, rss


def source(origin: ThreadedOrigin, name: str, **keys: str) -> dict[str, str]:
    return {"name": name, "url": origin.url(f"/{name}"), "every": "1s", **keys}


def test_what_the_origin_adds_is_published(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/acme", rss(("a", "First")), etag='"1"')
    program = Program(tmp_path, configuration([source(threaded_origin, "acme", category="news")]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        before = daemon.get("/feeds/category/news.atom")
        assert [entry.title for entry in feedparser.parse(before[2]).entries] == ["First"]
        assert daemon.get("/feeds/category/news.atom", If_None_Match=before[1]["etag"])[0] == 304
        threaded_origin.serve("/acme", rss(("b", "Second"), ("a", "First")), etag='"2"')
        daemon.wait_for('"new": 1', count=2)
        after = daemon.get("/feeds/category/news.atom", If_None_Match=before[1]["etag"])
        assert after[0] == 200
        assert [entry.title for entry in feedparser.parse(after[2]).entries] == ["Second", "First"]
        ids = {entry.id for entry in feedparser.parse(before[2]).entries}
        assert ids < {entry.id for entry in feedparser.parse(after[2]).entries}
        metrics = daemon.get("/metrics")[2].decode()
        assert 'aggregator_items_total{kind="new"} 2.0' in metrics
        assert "aggregator_due_backlog" in metrics
        assert daemon.get("/healthz")[0] == 200
        assert daemon.get("/readyz")[0] == 200
    assert daemon.status == 0
    assert not [line for line in daemon.lines if "Traceback" in line]


def test_a_slow_source_delays_no_other(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/slow", rss(("s", "Slow")), hold=hold)
    threaded_origin.serve("/quick", rss(("q", "Quick")))
    program = Program(
        tmp_path, configuration([source(threaded_origin, "slow"), source(threaded_origin, "quick")])
    )
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/slow")
        threaded_origin.wait_for("/quick", 3)
        assert threaded_origin.count("/slow") == 1
        threaded_origin.set(hold)
        daemon.wait_for('"new": 1', count=2)


def test_sources_that_all_redirect_to_a_slow_host_delay_no_other(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/slow", rss(("s", "Slow")), hold=hold)
    places, more = 2 + WAITING, 5
    with ThreadedOrigin("0.0.0.0") as many:
        many.serve("/away", redirect=threaded_origin.url("/slow"))
        many.serve("/quick", rss(("q", "Quick")))
        sources = [
            {"name": f"away{n}", "url": f"http://127.0.1.{n}:{many.port}/away", "every": "1h"}
            for n in range(places + more)
        ]
        sources.append({"name": "quick", "url": f"http://127.0.2.1:{many.port}/quick", "every": "1s"})
        text = configuration(sources, HEAD.replace("per_host = 64", "per_host = 2"))
        program = Program(tmp_path, text)
        with Daemon(program) as daemon:
            daemon.wait_for("crawl.held", more)
            many.wait_for("/quick", many.count("/quick") + 2)
            threaded_origin.set(hold)
            daemon.wait_for('"new": 1', places + 1)
            assert not [line for line in daemon.lines if "crawl.failed" in line]
        assert program.refresh("--force")["sources"]["skipped"] == more, "put off, and not failed"


def test_ctrl_c_stops_it_while_an_answer_is_awaited(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/slow", rss(("s", "Slow")), hold=hold)
    program = Program(tmp_path, configuration([source(threaded_origin, "slow")]))
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/slow")
        assert daemon.stop(signal.SIGINT) == 130
    threaded_origin.set(hold)
    assert program.refresh()["items"]["new"] == 1, "an interrupted crawl is simply due again"


def test_a_restart_polls_nothing_early(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/acme", rss(("a", "First")))
    lasting = source(threaded_origin, "acme", every="1h")
    program = Program(tmp_path, configuration([lasting, source(threaded_origin, "tick")]))
    threaded_origin.serve("/tick", rss(("t", "Tick")))
    with Daemon(program):
        threaded_origin.wait_for("/acme")
        threaded_origin.wait_for("/tick", 2)
    with Daemon(program):
        threaded_origin.wait_for("/tick", threaded_origin.count("/tick") + 3)
    assert threaded_origin.count("/acme") == 1


def test_a_second_daemon_is_refused(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    program = Program(tmp_path, configuration([]))
    with Daemon(program) as daemon:
        second = program.run("run")
        assert second.returncode == 4
        assert "Traceback" not in second.stderr
        assert daemon.get("/healthz")[0] == 200


def test_a_taken_address_is_a_configuration_problem(tmp_path: Path) -> None:
    program = Program(tmp_path, configuration([]))
    (tmp_path / "two").mkdir()
    with Daemon(program) as daemon:
        port = daemon.base.rpartition(":")[2]
        other = Program(tmp_path / "two", configuration([]).replace(":0", f":{port}"))
        refused = other.run("run")
    assert refused.returncode == 2
    assert "cannot listen" in refused.stderr


def test_what_leaves_the_configuration_is_gone_and_comes_back(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/acme", rss(("a", "First")))
    threaded_origin.serve("/other", rss(("o", "Other")))
    sources = [{"name": name, "url": threaded_origin.url(f"/{name}")} for name in ("acme", "other")]
    program = Program(tmp_path, configuration(sources))
    program.refresh()
    program.write(configuration(sources[1:]))
    program.refresh()
    with Daemon(program, "serve") as daemon:
        assert daemon.get("/feeds/source/acme.atom")[0] == 410
        assert daemon.get("/feeds/source/nobody.atom")[0] == 404
        titles = [item["title"] for item in json.loads(daemon.get("/feeds/all.json")[2])["items"]]
        assert titles == ["Other"]
    program.write(configuration(sources))
    program.refresh()
    with Daemon(program, "serve") as daemon:
        titles = {item["title"] for item in json.loads(daemon.get("/feeds/all.json")[2])["items"]}
        assert titles == {"First", "Other"}
