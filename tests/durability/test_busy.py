"""Somebody holds the database for longer than is waited, as a shell with an open transaction does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss

STORE_FAILED = 4
NOT_FOR_LONG = """
from aggregator.store import connect
connect.BUSY_S = 0.3
from aggregator.cli import main
main()
"""
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process holds the write lock within."""
    command = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        try:
            yield
        finally:
            child.stdin.close()
            child.wait(timeout=30)


def program_with(folder: Path, origin: ThreadedOrigin) -> Program:
    origin.serve("/often", rss(("a", "First")))
    source = {"name": "often", "url": origin.url("/often"), "every": "1s"}
    return Program(folder, configuration([source]), launch=("-c", NOT_FOR_LONG))


def test_the_daemon_serves_on_polls_nothing_and_goes_on(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = program_with(tmp_path, threaded_origin)
    with Daemon(program, log_level="debug") as daemon:
        daemon.wait_for('"new": 1')
        with held(program.database):
            assert "another process has held the database" in daemon.wait_for("store.outage")
            daemon.wait_for("store.tried", 2)
            polled = threaded_origin.count("/often")
            daemon.wait_for("store.tried", 4)
            assert threaded_origin.count("/often") == polled
            assert daemon.get("/feeds/all.atom")[0] == 200
            assert b"othing can be stored since" in daemon.get("/readyz")[2]
            threaded_origin.serve("/often", rss(("b", "Second"), ("a", "First")))
            refused = program.run("refresh")
            assert refused.returncode == STORE_FAILED
            assert refused.stderr.splitlines()[-1].startswith("store: another process has held the database")
        daemon.wait_for("store.recovered")
        daemon.wait_for('"new": 1', 2)
        assert len(json.loads(daemon.get("/feeds/all.json")[2])["items"]) == 2
    assert daemon.status == 0
    assert not any("Traceback" in line for line in daemon.lines)


def test_a_daemon_that_is_told_to_stop_meanwhile_does(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = program_with(tmp_path, threaded_origin)
    with Daemon(program, log_level="debug") as daemon:
        daemon.wait_for('"new": 1')
        with held(program.database):
            daemon.wait_for("store.tried")
            assert daemon.stop() == STORE_FAILED, "something was not stored"
    assert not any("Traceback" in line for line in daemon.lines)
