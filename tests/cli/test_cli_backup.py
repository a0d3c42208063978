"""``backup``: a copy of the store that can be put in its place."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss


def ask(database: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def number(database: Path) -> object:
    return ask(database, "SELECT value FROM counter WHERE name = 'store'")[0][0]


def test_a_copy_of_a_daemons_store_can_be_put_back(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/acme", rss(("a", "First")))
    sources = [{"name": "acme", "url": threaded_origin.url("/acme"), "every": "1s"}]
    program = Program(tmp_path, configuration(sources))
    folder = tmp_path / "copies"
    folder.mkdir()
    copy = folder / "copy.db"
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        published = daemon.get("/feeds/all.json")[2]
        done = program.run("backup", str(copy))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{copy}: {copy.stat().st_size} bytes\n"
        threaded_origin.serve("/acme", rss(("b", "Second"), ("a", "First")))
        daemon.wait_for('"new": 1', 2)

        before = copy.read_bytes()
        refused = program.run("backup", str(copy))
        assert refused.returncode == 2
        assert "--force" in refused.stderr
        assert copy.read_bytes() == before
        failed = program.run("backup", "--force", str(program.database))
        assert (failed.returncode, failed.stdout) == (4, "")
        assert failed.stderr.startswith("store: no backup was made: ")
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    assert ask(copy, "PRAGMA integrity_check") == [("ok",)]
    assert ask(copy, "SELECT title FROM item") == [("First",)]
    assert copy.stat().st_mode == program.database.stat().st_mode
    assert number(copy) != number(program.database), "its commits will mean others than those of the store"

    shutil.copy(copy, program.database)
    with Daemon(program, "serve") as daemon:
        assert daemon.get("/feeds/all.json")[2] == published


@pytest.mark.slow
def test_a_copy_is_of_one_moment_while_the_store_is_written(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    names = [f"s{n}" for n in range(10)]
    sources = [{"name": name, "url": threaded_origin.url(f"/{name}"), "every": "1s"} for name in names]
    program = Program(tmp_path, configuration(sources))

    def publish(turn: int) -> None:
        for name in names:
            items = [(f"{name} {turn} {n}", f"{name} {turn} {n} " + "and on " * 200) for n in range(100)]
            threaded_origin.serve(f"/{name}", rss(*items))

    publish(0)
    with Daemon(program) as daemon:
        for turn in range(1, 6):
            daemon.wait_for('"new": 100', 10 * turn)
            publish(turn)
            copying = program.start("backup", str(tmp_path / f"{turn}.db"))
            daemon.wait_for('"new": 100', 10 * turn + 1)
            _, errors = copying.communicate()
            assert (copying.returncode, errors) == (0, "")
    for turn in range(1, 6):
        copy = tmp_path / f"{turn}.db"
        assert ask(copy, "PRAGMA integrity_check") == [("ok",)]
        [(items, aliases)] = ask(
            copy, "SELECT (SELECT count(*) FROM item), (SELECT count(DISTINCT item_id) FROM alias)"
        )
        assert items == aliases >= 1000 * turn
        assert items % 100 == 0, "whole commits"
