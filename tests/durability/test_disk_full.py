"""A disk that fills up under the program. What stands for it is the kernel's limit of a file's size, which
can be set for a process that runs, and raised again; the real thing, a small file system, needs root."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import suppress
from pathlib import Path

import pytest

from tests.origin import ThreadedOrigin
from tests.program import ROOT, Daemon, Program, configuration, rss

STORE_FAILED = 4
LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, -1))
from aggregator.cli import main
main()
"""

pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")


def no_room(daemon: Daemon, program: Program) -> None:
    """From now on the log, which every commit is appended to, cannot grow."""
    limit(daemon, Path(f"{program.database}-wal").stat().st_size)


def room(daemon: Daemon) -> None:
    limit(daemon, resource.RLIM_INFINITY)


def limit(daemon: Daemon, size: int) -> None:
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def titles(daemon: Daemon) -> list[str]:
    return sorted(item["title"] for item in json.loads(daemon.get("/feeds/all.json")[2])["items"])


def count(daemon: Daemon, text: str) -> int:
    return sum(text in line for line in daemon.lines)


def metric(daemon: Daemon, name: str) -> float:
    lines = daemon.get("/metrics")[2].decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_a_daemon_serves_on_polls_no_more_and_goes_on_when_there_is_room(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/often", rss(("a", "First")))
    threaded_origin.serve("/once", rss(*[(f"o{n}", f"Once {n}") for n in range(30)]), hold=hold)
    sources = [
        {"name": "often", "url": threaded_origin.url("/often"), "every": "1s"},
        {"name": "once", "url": threaded_origin.url("/once"), "every": "1h"},
    ]
    program = Program(tmp_path, configuration(sources))
    with Daemon(program, log_level="debug") as daemon:
        daemon.wait_for('"new": 1')
        threaded_origin.wait_for("/once")
        before = daemon.get("/feeds/all.atom")[2]
        assert daemon.get("/readyz")[2] == b"ready\n"
        assert metric(daemon, "aggregator_store_outage") == 0

        no_room(daemon, program)
        assert "disk" in daemon.wait_for("store.outage")
        polled = threaded_origin.count("/often")
        threaded_origin.set(hold)  # what was under way comes, and has to wait
        daemon.wait_for("store.tried", 2)
        assert threaded_origin.count("/often") == polled, "it was due, and could not have been kept"
        assert daemon.get("/feeds/all.atom")[2] == before
        assert daemon.get("/readyz")[0] == 200
        for path in ("/readyz", "/status"):
            assert b"othing can be stored since" in daemon.get(path)[2]
        assert metric(daemon, "aggregator_store_outage") == 1

        threaded_origin.serve("/often", rss(("b", "Second"), ("a", "First")))
        room(daemon)
        daemon.wait_for("store.recovered")
        daemon.wait_for('"new": 30')
        daemon.wait_for('"new": 1', 2)
        assert titles(daemon) == sorted(["First", "Second", *[f"Once {n}" for n in range(30)]])
        assert threaded_origin.count("/once") == 1, "what had come was kept"
        assert daemon.get("/readyz")[2] == b"ready\n"
        assert metric(daemon, "aggregator_store_outage") == 0
    assert daemon.status == 0
    assert (count(daemon, "store.outage"), count(daemon, "store.recovered")) == (1, 1)
    assert not count(daemon, '"level": "error"') - 1
    assert not count(daemon, "Traceback")


def test_a_reload_on_a_full_disk_waits_for_room_and_loses_nothing(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/often", rss(("a", "First")))
    threaded_origin.serve("/once", rss(("o", "Once")), hold=hold)
    often = {"name": "often", "url": threaded_origin.url("/often"), "every": "1s"}
    once = {"name": "once", "url": threaded_origin.url("/once"), "every": "1h"}
    program = Program(tmp_path, configuration([often, once]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        threaded_origin.wait_for("/once")
        no_room(daemon, program)
        daemon.wait_for("store.outage")
        threaded_origin.set(hold)
        program.write(configuration([once]))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("daemon.reloading")
        assert titles(daemon) == ["First"]
        room(daemon)
        daemon.wait_for("config.reloaded")
        daemon.wait_for('"new": 1', 2)
        assert titles(daemon) == ["Once"]
        assert threaded_origin.count("/once") == 1, "what had come was kept"

        no_room(daemon, program)
        program.write(configuration([often, once]))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("store.outage", 2)
        # Whether it was already taking the new configuration, or had not begun: it ends.
        assert daemon.stop() in (0, STORE_FAILED)
    assert not count(daemon, "Traceback")


@pytest.mark.slow
def test_a_daemon_that_is_stopped_on_a_full_disk_says_that_it_could_not_store(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/often", rss(("a", "First")))
    threaded_origin.serve("/once", rss(("o", "Once")), hold=hold)
    sources = [
        {"name": "often", "url": threaded_origin.url("/often"), "every": "1s"},
        {"name": "once", "url": threaded_origin.url("/once"), "every": "1h"},
    ]
    program = Program(tmp_path, configuration(sources))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        threaded_origin.wait_for("/once")
        no_room(daemon, program)
        daemon.wait_for("store.outage")
        threaded_origin.set(hold)
        assert daemon.stop() == STORE_FAILED
    assert daemon.lines[-2].startswith("store: the disk is full or cannot be written")
    assert not count(daemon, "Traceback")
    report = program.refresh("once")
    assert report["items"]["new"] == 1, "nobody holds its lease, and it is as due as it was"


def test_a_refresh_fails_and_says_why(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/feed", rss(*[(f"g{n}", f"Item {n}, " + "so it goes " * 20) for n in range(300)]))
    text = configuration([{"name": "acme", "url": threaded_origin.url("/feed")}])
    program = Program(tmp_path, text)
    assert program.run("status").returncode == 0
    program.launch = ("-c", LIMITED)
    done = program.run("refresh", "--json")
    assert (done.returncode, done.stdout) == (STORE_FAILED, "")
    assert done.stderr.splitlines()[-1].startswith("store: the disk is full or cannot be written")
    assert "Traceback" not in done.stderr
    program.launch = ("-m", "aggregator")
    assert program.refresh()["items"]["new"] == 300


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32M", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def filled(folder: Path) -> Path:
    """The file that takes all the room in the file system of ``folder``."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


@pytest.mark.slow
def test_a_daemon_that_was_killed_is_started_on_a_full_disk(
    small: Path, threaded_origin: ThreadedOrigin
) -> None:
    """Opening writes nothing where nothing is to be changed."""
    threaded_origin.serve("/feed", rss(("a", "First")))
    source = {"name": "acme", "url": threaded_origin.url("/feed"), "every": "1s"}
    program = Program(small, configuration([source]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        daemon.process.kill()
    filler = filled(small)
    with Daemon(program, log_level="debug") as daemon:
        daemon.wait_for("store.outage")
        polled = threaded_origin.count()
        assert titles(daemon) == ["First"]
        daemon.wait_for("store.tried", 2)
        assert threaded_origin.count() == polled
        threaded_origin.serve("/feed", rss(("b", "Second"), ("a", "First")))
        filler.unlink()
        daemon.wait_for("store.recovered")
        daemon.wait_for('"new": 1')
        assert titles(daemon) == ["First", "Second"]
        filler = filled(small)
        daemon.wait_for("store.outage", 2)
        assert daemon.stop() == STORE_FAILED
        filler.unlink()
    assert not count(daemon, "Traceback")


@pytest.mark.slow
def test_where_not_even_the_index_of_the_log_can_be_made_starting_again_helps(
    small: Path, threaded_origin: ThreadedOrigin
) -> None:
    """After an orderly end SQLite has removed it, and makes it anew before anything can be read."""
    threaded_origin.serve("/feed", rss(("a", "First")))
    source = {"name": "acme", "url": threaded_origin.url("/feed"), "every": "1s"}
    program = Program(small, configuration([source]))
    assert program.refresh()["items"]["new"] == 1
    filler = filled(small)
    for verb in ("run", "serve", "status"):
        done = program.run(verb)
        assert done.returncode == STORE_FAILED
        [line] = done.stderr.splitlines()
        assert line.startswith("store: the disk is full or cannot be written")
    filler.unlink()
    with Daemon(program) as daemon:
        assert titles(daemon) == ["First"]
    assert daemon.status == 0


def test_the_unit_starts_it_again_after_that() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "deploy" / "aggregator.service")
    service = unit["Service"]
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.slow
def test_a_file_system_that_fills_up_and_is_freed(small: Path, threaded_origin: ThreadedOrigin) -> None:
    names = [f"s{n}" for n in range(20)]
    for name in names:
        threaded_origin.serve(f"/{name}", rss((name, f"{name} 0")))
    sources = [{"name": name, "url": threaded_origin.url(f"/{name}"), "every": "1s"} for name in names]
    program = Program(small, configuration(sources))
    with Daemon(program, log_level="debug") as daemon:
        daemon.wait_for('"new": 1', 20)
        filler = filled(small)
        for name in names:
            threaded_origin.serve(f"/{name}", rss((f"{name} 1", f"{name} 1"), (name, f"{name} 0")))
        daemon.wait_for("store.outage")
        daemon.wait_for("store.tried", 2)  # those under way have ended
        polled = threaded_origin.count()
        daemon.wait_for("store.tried", 3)
        assert threaded_origin.count() == polled
        assert daemon.get("/feeds/all.atom")[0] == 200
        filler.unlink()
        daemon.wait_for("store.recovered")
        daemon.wait_for('"new": 1', 40)
        assert titles(daemon) == sorted(f"{name} {n}" for name in names for n in (0, 1))
    assert daemon.status == 0
    assert (count(daemon, "store.outage"), count(daemon, "store.recovered")) == (1, 1)
