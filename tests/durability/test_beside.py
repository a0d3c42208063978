"""Several processes on one store at the same time: each source is asked exactly once, everything is stored.

The origin holds all answers, or half of them, until the processes are known to overlap. What follows is
a race, so each test runs several times, with other numbers of requests under way and other feeds.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from sqlite3 import connect
from typing import Any

import pytest

from tests.origin import Response, ThreadedOrigin
from tests.program import HEAD, WAIT_S, Daemon, Program, configuration, rss


class Many:
    """Many small sources on one origin, which holds the answers to ``/held`` until `release`."""

    def __init__(self, origin: ThreadedOrigin, count: int, seed: int, folder: Path) -> None:
        random = Random(seed)
        self.origin, self.count = origin, count
        # A process leases three times the requests it makes at once and a batch of 64: of few sources
        # nothing would be left for the last process.
        self.at_once = random.randint(4, count // 30)
        limits = f"per_host = {self.at_once}\nconcurrency = {self.at_once}"
        self.head = HEAD.replace("per_host = 64", limits)
        self.hold = origin.event()
        self.paths: list[str] = []
        for number in range(count):
            path = f"/held?{number}" if seed % 2 == 0 or number % 2 else f"/free?{number}"
            self.paths.append(path)
            items = [(f"{number}-{n}", f"Item {n} of {number}") for n in range(random.randint(1, 4))]
            hold = self.hold if path.startswith("/held") else None
            self.origin.serve(path, Response(body=rss(*items), etag=f'"{number}"', hold=hold))
        self.program = Program(folder, self.configuration())

    def configuration(self, **keys: str) -> str:
        sources = [
            {"name": f"s{number}", "url": self.origin.url(path), **keys}
            for number, path in enumerate(self.paths)
        ]
        return configuration(sources, head=self.head)

    def make_due(self) -> None:
        """Have all sources in the store, due at once: few seconds are waited for the first polls of
        many new sources, as long as their interval lasts at most."""
        self.program.write(self.configuration(every="1s"))
        assert self.program.run("status").returncode == 0
        self.program.write(self.configuration())

    def wait_for(self, processes: int) -> None:
        """Until so many processes wait for as many answers as they may."""
        self.origin.wait_for("/held", self.at_once * processes)

    def release(self) -> None:
        self.origin.set(self.hold)

    def check(self) -> None:
        """Each source was asked once, and what it has is stored."""
        asked = Counter(request.path for request in self.origin.requests)
        assert {path: times for path, times in asked.items() if times != 1} == {}
        assert len(asked) == self.count
        with closing(connect(self.program.database)) as connection:
            query = "SELECT count(*) FROM source WHERE etag IS NULL OR lease_token IS NOT NULL"
            assert connection.execute(query).fetchone() == (0,)
            query = "SELECT count(DISTINCT source_id) FROM item"
            assert connection.execute(query).fetchone() == (self.count,)


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=WAIT_S * 2)
    assert "Traceback" not in err, err
    assert process.returncode == 0, err
    report: dict[str, Any] = json.loads(out)["sources"]
    return report


def refreshes(many: Many, processes: int) -> None:
    """So many at once; each must have begun before any can have ended."""
    started = [many.program.start("refresh", "--json") for _ in range(processes)]
    try:
        many.wait_for(processes)
        many.release()
        reports = [finished(process) for process in started]
    finally:
        for process in started:
            process.kill()
            process.communicate()
    many.check()
    assert [report["selected"] for report in reports] == [many.count] * processes
    assert sum(report["fetched"] for report in reports) == many.count
    assert all(report["fetched"] for report in reports), "all of them had a part in it"
    assert all(report["fetched"] + report["skipped"] == many.count for report in reports)


def beside_a_daemon(many: Many) -> None:
    many.make_due()
    with Daemon(many.program) as daemon:
        many.wait_for(1)
        process = many.program.start("refresh", "--json")
        try:
            many.wait_for(2)
            many.release()
            report = finished(process)
        finally:
            process.kill()
            process.communicate()
        assert report["failed"] == 0
        assert 0 < report["fetched"] < many.count
        daemon.wait_for("crawl.done", many.count - report["fetched"])
    assert daemon.status == 0
    many.check()


def test_two_refreshes_share_the_work(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    refreshes(Many(threaded_origin, 160, 0, tmp_path), 2)


@pytest.mark.slow
def test_a_refresh_shares_the_work_with_a_daemon(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    beside_a_daemon(Many(threaded_origin, 160, 1, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("processes", [2, 3])
def test_refreshes_of_many_sources_share_the_work(
    tmp_path: Path, threaded_origin: ThreadedOrigin, processes: int, seed: int
) -> None:
    refreshes(Many(threaded_origin, 500, seed, tmp_path), processes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_refresh_of_many_sources_shares_the_work_with_a_daemon(
    tmp_path: Path, threaded_origin: ThreadedOrigin, seed: int
) -> None:
    beside_a_daemon(Many(threaded_origin, 500, seed, tmp_path))
