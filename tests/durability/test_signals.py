"""SIGTERM and Ctrl-C: the program ends soon, says so by its status, and nothing is lost or half stored."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.durability.holding import Holding, differences, holding
from tests.durability.newsroom import Newsroom
from tests.origin import ThreadedOrigin
from tests.program import WAIT_S, Daemon, Program

SIZE = 24
HELD = range(10, SIZE)  # these keep their readers waiting
INTERRUPTED = 130


@pytest.fixture
def room(threaded_origin: ThreadedOrigin) -> Newsroom:
    return Newsroom(threaded_origin, SIZE)


def undisturbed(room: Newsroom, folder: Path) -> Holding:
    room.open()
    folder.mkdir()
    program = Program(folder, room.configuration())
    assert program.refresh()["exit"] == 0
    return holding(program.database)


def check_then_recover(program: Program, room: Newsroom, folder: Path) -> None:
    """What is stored so far is whole, source by source; the next refresh adds the rest."""
    expected = undisturbed(room, folder / "undisturbed")
    found = holding(program.database)
    assert (found.open_leases, found.open_runs) == (0, 0)
    assert {name: items for name, items in found.items.items() if items != expected.items[name]} == {}
    for name, values in found.sources.items():
        assert values["failures"] == 0, "to be interrupted is no failure of a source"
        assert bool(values["last_modified"] or values["etag"]) <= (name in found.items)
    program.write(room.configuration())
    report = program.refresh()
    assert (report["exit"], report["sources"]["skipped"]) == (0, 0)
    assert differences(holding(program.database), expected) == []


def ended(process: subprocess.Popen[str]) -> str:
    """Its stderr, once it has ended."""
    try:
        _, told = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
        process.communicate()
    assert "Traceback" not in told, told
    assert "never retrieved" not in told, told
    return told


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGTERM,),
        pytest.param((signal.SIGINT,), marks=pytest.mark.slow),
        pytest.param((signal.SIGINT, signal.SIGINT), marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_refresh_ends_with_130(
    tmp_path: Path, room: Newsroom, numbers: tuple[signal.Signals, ...]
) -> None:
    hold = room.origin.event()
    room.open(hold=hold, held=HELD)
    program = Program(tmp_path, room.configuration())
    process = program.start("refresh")
    room.origin.wait_for(count=SIZE)
    for number in numbers:
        process.send_signal(number)
    told = ended(process)
    assert process.returncode == INTERRUPTED, told
    check_then_recover(program, room, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("told", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, INTERRUPTED)])
def test_a_daemon_stops_amid_crawls(
    tmp_path: Path, room: Newsroom, told: signal.Signals, status: int
) -> None:
    hold = room.origin.event()
    room.open(hold=hold, held=HELD)
    program = Program(tmp_path, room.configuration(every="1s"))
    with Daemon(program) as daemon:
        for number in range(SIZE):
            room.origin.wait_for(f"/feed/{number}")
        assert daemon.stop(told) == status
    log = "".join(daemon.lines)
    assert "daemon.stopped" in log
    assert "traceback" not in log.lower()
    check_then_recover(program, room, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_crawls_that_end_in_time_are_stored(tmp_path: Path, room: Newsroom, told: signal.Signals) -> None:
    """A daemon that is told to stop takes what arrives meanwhile."""
    hold = room.origin.event()
    room.open(hold=hold, held=HELD)
    program = Program(tmp_path, room.configuration(every="1s"))
    with Daemon(program) as daemon:
        for number in range(SIZE):
            room.origin.wait_for(f"/feed/{number}")
        daemon.process.send_signal(told)
        daemon.wait_for("daemon.stopping")
        room.origin.set(hold)
        daemon.stop(told)
    assert len(holding(program.database).items) == SIZE
