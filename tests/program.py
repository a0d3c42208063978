"""Runs the program as its users do: another process, a configuration file, a database on disk."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[1]
WAIT_S = 30.0

HEAD = """
[site]
title = "Test wire"
base_url = "http://wire.example"
[server]
listen = "127.0.0.1:0"
[fetch]
min_gap = "0s"
min_every = "1s"
per_host = 64
allow_private = ["127.0.0.0/8"]
"""


def configuration(sources: Iterable[Mapping[str, str]], head: str = HEAD) -> str:
    """The text of a feeds.toml with these sources: keys and string values."""
    blocks = [
        "[[source]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in source.items())
        for source in sources
    ]
    return head + "\n" + "\n".join(blocks)


def rss(*items: tuple[str, str], title: str = "A feed", extra: str = "") -> bytes:
    """A small RSS document: (guid, title) an item, dated by position, newest first."""
    body = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{name}</title>"
        f"<link>http://site.example/{guid}</link><description>Text of {name}.</description>"
        f"<pubDate>Sat, 0{9 - min(n, 8)} Aug 2026 10:00:00 GMT</pubDate></item>"
        for n, (guid, name) in enumerate(items)
    )
    head = f"<title>{title}</title><link>http://site.example/</link><description>d</description>{extra}"
    return f"<rss version='2.0'><channel>{head}{body}</channel></rss>".encode()


class Program:
    """The program with a folder of its own. ``launch`` are Python's arguments that start it."""

    def __init__(self, folder: Path, text: str, launch: Sequence[str] = ("-m", "aggregator")) -> None:
        self.folder = folder
        self.launch = launch
        self.config = folder / "feeds.toml"
        self.write(text)

    def write(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    @property
    def database(self) -> Path:
        return self.folder / "data" / "aggregator.db"

    def start(
        self,
        *arguments: str,
        options: Iterable[str] = (),
        stderr: int = subprocess.PIPE,
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        command = [sys.executable, *self.launch, "--config", str(self.config), *options, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
        # Where the surroundings forbid compiled files, each of some thousand starts would compile us anew.
        environment["PYTHONPYCACHEPREFIX"] = str(ROOT / ".pytest_cache" / "bytecode")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *arguments: str, options: Iterable[str] = ()) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, options=options)
        try:
            out, err = process.communicate(timeout=WAIT_S * 2)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def refresh(self, *arguments: str) -> dict[str, Any]:
        """``refresh --json``; the report with the exit status as "exit"."""
        done = self.run("refresh", "--json", *arguments)
        assert done.stdout, done.stderr
        return {**json.loads(done.stdout), "exit": done.returncode}


class Daemon:
    """``run`` or ``serve`` until the block ends; then stopped by SIGTERM and its status checked."""

    def __init__(self, program: Program, verb: str = "run", *, log_level: str = "info") -> None:
        self._program = program
        self._verb = verb
        self._options = ["--log-format", "json", "--log-level", log_level]
        self.lines: list[str] = []
        self.status: int | None = None
        self._news = threading.Condition()

    def __enter__(self) -> Daemon:
        self.process = self._program.start(self._verb, options=self._options)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        line = self.wait_for("serve.listening")
        match = re.search(r'"address": ?"([^"]+)"', line)
        assert match, line
        self.base = match.group(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.status = self.process.wait(timeout=WAIT_S)
        self._reader.join(timeout=WAIT_S)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        return self.status

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self.lines.append("")  # the end
            self._news.notify_all()

    def wait_for(self, text: str, count: int = 1) -> str:
        """The ``count``-th line of the log that holds ``text``."""
        found: list[str] = []

        def arrived() -> bool:
            found[:] = [line for line in self.lines if text in line]
            return len(found) >= count or (bool(self.lines) and self.lines[-1] == "")

        with self._news:
            assert self._news.wait_for(arrived, timeout=WAIT_S), f"no {text!r} in {self.lines}"
        assert len(found) >= count, f"ended without {text!r}: {''.join(self.lines)}"
        return found[count - 1]

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of a GET; redirects are not followed."""
        return fetch(self.base + path, headers)


def fetch(url: str, headers: Mapping[str, str], method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT_S)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), headers=named)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()
