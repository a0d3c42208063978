"""A store that cannot be used: status 4 and one line that says why; no traceback, no silent new file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.origin import ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration, rss

STORE_FAILED = 4
# The right to write everywhere that root has is taken from the program; others have none.
AS_ANYBODY = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "aggregator", *sys.argv[1:]])
"""
VERBS = ("refresh", "run", "serve", "status", "opml export --feeds")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a store in order, with two thousand items."""
    folder = tmp_path_factory.mktemp("good")
    with ThreadedOrigin() as origin:
        origin.serve("/feed", rss(*[(f"g{n}", f"Item {n}, " + "so it goes " * 20) for n in range(2000)]))
        program = Program(folder, configuration([{"name": "acme", "url": origin.url("/feed")}]))
        assert program.refresh()["items"]["new"] == 2000
    return program.database.read_bytes()


def program_over(folder: Path, content: bytes | None, store: str = "sqlite:data/aggregator.db") -> Program:
    head = f'{HEAD}\n[store]\nurl = "{store}"\n'
    source = {"name": "acme", "url": "http://127.0.0.1:9/"}  # nobody answers there
    program = Program(folder, configuration([source], head=head))
    if content is not None:
        program.database.parent.mkdir()
        program.database.write_bytes(content)
    return program


def check_refused(program: Program, *words: str, verbs: tuple[str, ...] = ("refresh",)) -> None:
    for verb in verbs:
        done = program.run(*verb.split())
        assert (done.returncode, done.stdout) == (STORE_FAILED, ""), done.stderr
        [line] = done.stderr.splitlines()
        assert line.startswith("store: ")
        for word in words:
            assert word in line


@pytest.mark.slow
def test_a_second_daemon_is_told_about_the_first(tmp_path: Path) -> None:
    program = program_over(tmp_path, None)
    with Daemon(program) as daemon:
        check_refused(program, "another daemon", "aggregator.db", verbs=("run",))
        assert daemon.get("/healthz")[0] == 200, "the first goes on"
    assert daemon.status == 0
    with Daemon(program):
        pass  # and leaves nothing in the way of the next


def test_garbage_is_no_database(tmp_path: Path) -> None:
    garbage = Random(7).randbytes(200_000)
    program = program_over(tmp_path, garbage)
    check_refused(program, "damaged")
    assert program.database.read_bytes() == garbage, "what may be rescued is left alone"


def test_an_empty_file_is_refused_until_it_is_removed(tmp_path: Path) -> None:
    program = program_over(tmp_path, b"")
    check_refused(program, "is empty", "aggregator.db", "remove it to begin anew", verbs=VERBS)
    assert program.database.read_bytes() == b""
    program.database.unlink()
    assert program.run("status").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("kept", [60, 1000, 4096, 200_000])
def test_a_truncated_database_is_refused(tmp_path: Path, good: bytes, kept: int) -> None:
    program = program_over(tmp_path, good[:kept])
    check_refused(program, "damaged")
    assert program.database.read_bytes() == good[:kept]


@pytest.mark.slow
def test_damage_found_later_is_told_as_well(
    tmp_path: Path, good: bytes, threaded_origin: ThreadedOrigin
) -> None:
    """Enough of it is in order to open it and to crawl: then saving fails."""
    spoilt = bytearray(good)
    spoilt[len(good) // 2 :] = Random(3).randbytes(len(good) - len(good) // 2)
    program = program_over(tmp_path, bytes(spoilt))
    threaded_origin.serve("/feed", rss(*[(f"n{n}", f"New {n}") for n in range(500)]))
    source = {"name": "acme", "url": threaded_origin.url("/feed")}
    program.write(configuration([source]))
    check_refused(program, "damaged")
    assert threaded_origin.count() == 1

    program.database.write_bytes(spoilt)
    program.write(configuration([{**source, "every": "1s"}]))
    done = program.run("run")
    assert done.returncode == STORE_FAILED
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("store: the database file is damaged")


@pytest.mark.slow
def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    program = program_over(tmp_path, None)
    assert program.run("status").returncode == 0
    before = made_newer(program.database)
    check_refused(program, "newer", "9999")
    assert program.database.read_bytes() == before


def made_newer(database: Path) -> bytes:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    return database.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("what", ["garbage", "newer"])
def test_every_verb_refuses_it(tmp_path: Path, good: bytes, what: str) -> None:
    program = program_over(tmp_path, b"no database" * 1000 if what == "garbage" else good)
    before = made_newer(program.database) if what == "newer" else program.database.read_bytes()
    check_refused(program, verbs=VERBS)
    assert program.database.read_bytes() == before


@pytest.mark.slow
def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    program = program_over(tmp_path, None)
    program.database.parent.mkdir()
    with closing(sqlite3.connect(program.database)) as connection, connection:
        connection.execute("CREATE TABLE accounts (name TEXT)")
    before = program.database.read_bytes()
    check_refused(program, "other program")
    assert program.database.read_bytes() == before


@pytest.mark.slow
def test_a_place_that_cannot_hold_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    check_refused(program_over(tmp_path, None, "sqlite:file/aggregator.db"))
    (tmp_path / "folder").mkdir()
    check_refused(program_over(tmp_path, None, "sqlite:folder"))
    check_refused(program_over(tmp_path, None, "sqlite:/proc/nowhere/aggregator.db"))


@pytest.mark.slow
def test_a_read_only_folder_is_told(tmp_path: Path, good: bytes) -> None:
    program = program_over(tmp_path, good)
    program.launch = ("-c", AS_ANYBODY)
    program.database.chmod(0o400)
    program.database.parent.chmod(0o500)
    try:
        check_refused(program)
    finally:
        program.database.parent.chmod(0o700)
