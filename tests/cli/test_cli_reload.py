"""SIGHUP: another configuration is in force, and nobody outside notices but by what it says."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import signal
import threading
from http.client import HTTPConnection
from pathlib import Path

import feedparser
import pytest

from aggregator import daemon as daemons
from aggregator.cli import root
from aggregator.errors import ConfigError
from aggregator.fetch.client import Client
from aggregator.generation import Generation
from aggregator.model.settings import Config
from aggregator.reload import Orders
from tests.origin import ThreadedOrigin
from tests.program import HEAD, WAIT_S, Daemon, Program, configuration, rss


def source(origin: ThreadedOrigin, name: str, **keys: str) -> dict[str, str]:
    return {"name": name, "url": origin.url(f"/{name}"), "every": "1h", **keys}


def hup(daemon: Daemon) -> None:
    daemon.process.send_signal(signal.SIGHUP)


def reload(daemon: Daemon, program: Program, text: str) -> None:
    """Write and take another configuration, to the end."""
    done = count(daemon, "config.reloaded")
    program.write(text)
    hup(daemon)
    daemon.wait_for("config.reloaded", done + 1)


def count(daemon: Daemon, text: str) -> int:
    return sum(text in line for line in daemon.lines)


def titles(daemon: Daemon, feed: str = "all") -> set[str]:
    return {item["title"] for item in json.loads(daemon.get(f"/feeds/{feed}.json")[2])["items"]}


def metric(daemon: Daemon, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", daemon.get("/metrics")[2].decode(), re.MULTILINE)
    assert found, name
    return float(found[1])


def ticks(origin: ThreadedOrigin) -> None:
    """Wait until the one source that is polled each second was polled some times more."""
    origin.wait_for("/tick", origin.count("/tick") + 3)


@pytest.fixture
def origin(threaded_origin: ThreadedOrigin) -> ThreadedOrigin:
    for name in ("acme", "other", "tick"):
        threaded_origin.serve(f"/{name}", rss((name, name.title())))
    return threaded_origin


def test_sources_come_and_go_and_nothing_is_polled_early(tmp_path: Path, origin: ThreadedOrigin) -> None:
    tick = source(origin, "tick", every="1s")
    program = Program(tmp_path, configuration([source(origin, "acme"), tick]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1', 2)
        before = metric(daemon, "aggregator_config_reload_timestamp_seconds")
        with_other = [source(origin, "acme"), source(origin, "other", category="news"), tick]
        reload(daemon, program, configuration(with_other))
        daemon.wait_for('"new": 1', 3)
        assert titles(daemon) == {"Acme", "Other", "Tick"}
        assert titles(daemon, "category/news") == {"Other"}
        ticks(origin)
        assert b"other" in daemon.get("/opml/sources")[2]

        reload(daemon, program, configuration([source(origin, "other", category="daily"), tick]))
        assert daemon.get("/feeds/source/acme.atom")[0] == 410
        assert daemon.get("/feeds/category/news.atom")[0] == 410
        assert titles(daemon, "category/daily") == {"Other"}
        ticks(origin)
        assert (origin.count("/acme"), origin.count("/other")) == (1, 1)
        assert metric(daemon, "aggregator_config_reload_success") == 1
        assert metric(daemon, "aggregator_config_reload_timestamp_seconds") > before
        assert metric(daemon, 'aggregator_items_total{kind="new"}') == 3, "what was counted is counted on"
    assert daemon.status == 0
    assert not count(daemon, '"level": "error"')


def test_a_broken_file_changes_nothing_and_every_problem_is_told(
    tmp_path: Path, origin: ThreadedOrigin
) -> None:
    program = Program(tmp_path, configuration([source(origin, "acme"), source(origin, "tick", every="1s")]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1', 2)
        at_start = daemon.get("/status")[2]
        program.write(configuration([{"name": "acme", "url": "ftp://x/", "every": "sometimes"}]))
        told = program.run("check").stderr.splitlines()
        hup(daemon)
        daemon.wait_for("config.refused")
        problems = [json.loads(line) for line in daemon.lines if "config.problem" in line]
        assert [each["problem"] for each in problems] == told
        assert len(told) == 2
        assert all(each["file"] == "feeds.toml" and each["line"] > 1 for each in problems)
        ticks(origin)
        assert titles(daemon) == {"Acme", "Tick"}
        assert metric(daemon, "aggregator_config_reload_success") == 0
        status = daemon.get("/status")[2].decode()
        assert "The configuration was read again at" in status
        assert "problems: 2" in status
        assert daemon.get("/readyz")[:3:2] == (200, b"ready\n")

        program.config.unlink()  # as some editors leave it for a moment
        hup(daemon)
        daemon.wait_for("config.refused", 2)
        assert "cannot be read" in daemon.wait_for("config.problem", 3)

        # Well written, and yet not to be used: known only when everything is made that it needs.
        program.write(configuration([source(origin, "acme", kind="nowhere:crawl")]))
        hup(daemon)
        assert "cannot import" in daemon.wait_for("config.problem", 4)
        program.write(configuration([source(origin, "acme")], HEAD + 'ca_file = "none.pem"\n'))
        hup(daemon)
        assert "none.pem" in daemon.wait_for("config.problem", 5)
        assert not count(daemon, "daemon.reloading"), "nothing that crawls was disturbed"
        ticks(origin)

        reload(daemon, program, configuration([source(origin, "acme"), source(origin, "other")]))
        daemon.wait_for('"new": 1', 3)
        assert metric(daemon, "aggregator_config_reload_success") == 1
        assert "read again" not in daemon.get("/status")[2].decode()
        assert b"read again" not in at_start
    assert origin.count("/acme") == 1
    assert daemon.status == 0


def test_settings_limits_secrets_and_exports_take_effect(tmp_path: Path, origin: ThreadedOrigin) -> None:
    items = [(name, name.title()) for name in ("one", "two", "three")]
    origin.serve("/acme", rss(*items))
    acme = {"name": "acme", "url": origin.url("/acme"), "every": "1h"}
    (tmp_path / "token").write_text("first\n")
    secret = 'headers.X-Token = {file = "token"}\n'
    program = Program(tmp_path, configuration([acme]) + secret)
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 3')
        assert b"wire.example" in daemon.get("/feeds/all.atom")[2]
        head = HEAD.replace("wire.example", "moved.example").replace("Test wire", "Another wire")
        head = head.replace("[site]", "[site]\nfeed_items = 2").replace('["127.0.0.0/8"]', "[]")
        export = '\n[[export]]\ndirectory = "site"\nformat = "feeds"\n'
        (tmp_path / "token").write_text("second\n")
        changed = {**acme, "every": "1s"}
        reload(daemon, program, configuration([changed], head) + secret + export)
        body = daemon.get("/feeds/all.atom")[2]
        assert b"moved.example" in body
        assert b"wire.example" not in body
        assert b"moved.example" in daemon.get("/opml")[2]
        assert b"Another wire" in daemon.get("/")[2]
        assert len(feedparser.parse(body).entries) == 2
        daemon.wait_for("export.done")
        assert b"moved.example" in (tmp_path / "site" / "feeds" / "all.atom").read_bytes()
        assert "private address" in daemon.wait_for("crawl.failed"), "its shorter interval is in force, too"
        reload(daemon, program, configuration([changed]) + secret)
        daemon.wait_for("crawl.done", 2)
        asked = [request.headers["x-token"] for request in origin.seen("/acme")]
        assert asked[:2] == ["first", "second"]


def test_what_is_open_needs_a_restart_and_this_is_said(tmp_path: Path, origin: ThreadedOrigin) -> None:
    program = Program(tmp_path, configuration([source(origin, "acme")]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        head = HEAD.replace("127.0.0.1:0", "127.0.0.1:1") + '[store]\nurl = "sqlite:other.db"\n'
        reload(daemon, program, configuration([source(origin, "acme"), source(origin, "other")], head))
        daemon.wait_for('"new": 1', 2)
        keys = {json.loads(line)["key"] for line in daemon.lines if "needs_restart" in line}
        assert keys == {"store.url", "server.listen"}
        assert titles(daemon) == {"Acme", "Other"}
        assert not (tmp_path / "other.db").exists()


def test_a_slow_crawl_is_finished_first_and_asks_once(tmp_path: Path, origin: ThreadedOrigin) -> None:
    hold = origin.event()
    origin.serve("/slow", rss(("s", "Slow")), hold=hold)
    program = Program(tmp_path, configuration([source(origin, "slow")]))
    with Daemon(program) as daemon:
        origin.wait_for("/slow")
        program.write(configuration([source(origin, "slow", category="news"), source(origin, "other")]))
        hup(daemon)
        daemon.wait_for("daemon.reloading")
        assert daemon.get("/feeds/all.atom")[0] == 200
        assert daemon.get("/feeds/source/other.atom")[0] == 404
        hup(daemon)  # in the midst of it: once more, when this is done
        origin.set(hold)
        daemon.wait_for("config.reloaded", 2)
        daemon.wait_for('"new": 1', 2)
        assert titles(daemon) == {"Slow", "Other"}
        assert titles(daemon, "category/news") == {"Slow"}
    assert (origin.count("/slow"), origin.count("/other")) == (1, 1)
    assert daemon.status == 0


def test_told_to_stop_while_it_reloads_it_does_not_wait_for_a_slow_crawl(
    tmp_path: Path, origin: ThreadedOrigin
) -> None:
    hold = origin.event()
    origin.serve("/slow", rss(("s", "Slow")), hold=hold)
    program = Program(tmp_path, configuration([source(origin, "slow")]))
    with Daemon(program) as daemon:
        origin.wait_for("/slow")
        hup(daemon)
        daemon.wait_for("daemon.reloading")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(timeout=WAIT_S / 2) == 0
    assert not count(daemon, "config.reloaded")
    assert not count(daemon, '"level": "error"')
    origin.set(hold)
    assert program.refresh()["items"]["new"] == 1, "an interrupted crawl is simply due again"


def test_no_reader_is_dropped_and_the_port_never_closes(tmp_path: Path, origin: ThreadedOrigin) -> None:
    program = Program(tmp_path, configuration([source(origin, "acme")]))
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1')
        host, port = daemon.base.removeprefix("http://").split(":")
        lasting = HTTPConnection(host, int(port), timeout=WAIT_S)
        lasting.connect()
        socket = lasting.sock
        over, answers = threading.Event(), []

        def read() -> None:
            while not over.is_set():
                answers.append(daemon.get("/feeds/all.atom")[0])

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for n in range(5):
                reload(daemon, program, configuration([source(origin, "acme", title=f"Title {n}")]))
                lasting.request("GET", "/feeds/source/acme.atom")
                answer = lasting.getresponse()
                assert answer.status == 200
                assert f"Title {n}".encode() in answer.read()
                assert lasting.sock is socket
        finally:
            over.set()
            reader.join()
            lasting.close()
        assert set(answers) == {200}


def test_a_host_that_asked_to_wait_is_left_alone(tmp_path: Path, origin: ThreadedOrigin) -> None:
    origin.serve("/busy", status=503, headers={"Retry-After": "3600"})
    program = Program(tmp_path, configuration([source(origin, "busy")]))
    with Daemon(program) as daemon:
        daemon.wait_for("crawl.failed")
        reload(daemon, program, configuration([source(origin, "busy"), source(origin, "other")]))
        assert '"source": "other"' in daemon.wait_for("crawl.held")
    assert (origin.count("/busy"), origin.count("/other")) == (1, 0)


def figures(process: int) -> tuple[int, int, int]:
    """Open files, threads, children."""
    folder = Path("/proc") / str(process)
    children = (folder / "task" / str(process) / "children").read_text().split()
    return len(os.listdir(folder / "fd")), len(os.listdir(folder / "task")), len(children)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_fifty_reloads_leave_nothing_behind(tmp_path: Path, origin: ThreadedOrigin) -> None:
    tick = source(origin, "tick", every="1s")
    export = '\n[[export]]\ndirectory = "site"\nformat = "feeds"\n'
    texts = [configuration([tick, source(origin, name)]) + export for name in ("acme", "other")]
    program = Program(tmp_path, texts[0])
    looks = []
    with Daemon(program) as daemon:
        daemon.wait_for('"new": 1', 2)
        for n in range(50):
            reload(daemon, program, texts[n % 2])
            if n >= 5:
                looks.append(figures(daemon.process.pid))
        ticks(origin)
    assert daemon.status == 0
    assert not count(daemon, '"level": "error"')
    assert (origin.count("/acme"), origin.count("/other")) <= (1, 1)
    for first, last in zip(zip(*looks[:20], strict=True), zip(*looks[-20:], strict=True), strict=True):
        # An export may just be under way; what is left behind by each reload is there at every look.
        assert min(last) <= min(first) + 1, str(looks)


def settings(folder: Path, text: str) -> Config:
    return root.parse(folder / "feeds.toml", text)


async def test_of_generations_that_have_ended_nothing_is_left(tmp_path: Path) -> None:
    config = settings(tmp_path, HEAD)
    loop, reads = asyncio.get_running_loop(), asyncio.Semaphore(0)

    def read() -> Config:
        loop.call_soon_threadsafe(reads.release)
        return config

    orders = Orders(read=read)
    running = asyncio.create_task(daemons.run(config, orders))
    tasks = []
    for _ in range(30):
        orders.reload.set()
        async with asyncio.timeout(WAIT_S):
            await reads.acquire()
        gc.collect()
        tasks.append(len(asyncio.all_tasks()))
        assert sum(isinstance(each, (Generation, Client)) for each in gc.get_objects()) <= 4
    assert max(tasks[15:]) <= max(tasks[:15]) + 1
    orders.stop.set()
    await running
    assert len(asyncio.all_tasks()) == 1


async def test_orders_that_come_together_are_one_and_a_later_one_is_not_missed(tmp_path: Path) -> None:
    config = settings(tmp_path, HEAD)
    reads: list[int] = []
    refusals: list[int] = []

    def read() -> Config:
        reads.append(1)
        loop.call_soon_threadsafe(orders.reload.set)  # the file was edited again while it was read
        if len(reads) == 1:
            raise ConfigError(())
        return config

    async def accept(new: Config) -> Config:
        return new

    loop, orders = asyncio.get_running_loop(), Orders(read=read)
    for _ in range(5):
        orders.reload.set()
    async with asyncio.timeout(WAIT_S):
        assert await orders.reloaded(config, accept, refusals.append) == config
    assert (len(reads), refusals) == (2, [0])
    assert orders.reload.is_set(), "for who comes next"


def test_a_signal_that_comes_while_it_starts_or_stops_does_no_harm(
    tmp_path: Path, origin: ThreadedOrigin
) -> None:
    text = configuration([source(origin, "acme")])
    program = Program(tmp_path, text)
    program.config.unlink()
    os.mkfifo(program.config)
    process = program.start("run", options=["--log-format", "json"])
    assert process.stderr
    try:
        with program.config.open("w") as pipe:  # which waits until it is read
            process.send_signal(signal.SIGHUP)
            pipe.write(text)
            program.config.unlink()
            program.write(text)
        assert any("config.reloaded" in line for line in process.stderr), "it was not forgotten"
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            process.send_signal(signal.SIGHUP)
        told = process.stderr.read()
        assert (process.returncode, "Traceback" in told) == (0, False), told
    finally:
        process.kill()
        process.communicate()


def test_a_terminal_that_is_closed_takes_it_along(tmp_path: Path) -> None:
    program = Program(tmp_path, configuration([]))
    ours, its = os.openpty()
    process = program.start("run", stdin=its)
    os.close(its)
    assert process.stderr
    try:
        assert any("serve.listening" in line for line in process.stderr)
        process.send_signal(signal.SIGHUP)
        assert any("config.reloaded" in line for line in process.stderr)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=WAIT_S) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_server_alone_takes_what_the_site_says(tmp_path: Path, origin: ThreadedOrigin) -> None:
    program = Program(tmp_path, configuration([source(origin, "acme")]))
    program.refresh()
    with Daemon(program, "serve") as daemon:
        assert b"wire.example" in daemon.get("/feeds/all.atom")[2]
        program.write("[site]\nnonsense = 1\n")
        hup(daemon)
        daemon.wait_for("config.refused")
        assert b"wire.example" in daemon.get("/feeds/all.atom")[2]
        head = HEAD.replace("wire.example", "moved.example")
        reload(daemon, program, configuration([source(origin, "acme")], head))
        assert b"wire.example" not in daemon.get("/feeds/all.atom")[2]
    assert daemon.status == 0
