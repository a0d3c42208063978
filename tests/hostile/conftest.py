"""All cases and the sources in their midst, crawled three times: well, hostile, well again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.hostile import addresses, compression, content, documents, headers, identity, redirects, transport
from tests.hostile.case import TURNED, Case, Outcome, Places
from tests.hostile.good import GOOD
from tests.origin import ThreadedOrigin
from tests.program import ROOT, Daemon, Program, configuration

FAMILIES = (transport, redirects, headers, compression, documents, content, identity, addresses)
CASES: tuple[Case, ...] = tuple(case for family in FAMILIES for case in family.CASES)
INSIDE, OTHER = "127.0.0.66", "127.0.0.3"
LATER = "-later"  # ends the name of a source that was well before
WAIT_S = 120.0

HEAD = """
[site]
title = "Test wire"
base_url = "http://wire.example"
[server]
listen = "127.0.0.1:0"
[fetch]
min_gap = "0s"
min_every = "1s"
connect_timeout = "3s"
per_host = 64
allow_private = [{allowed}]
"""


@dataclass
class Wire:
    """What came of it all. ``polls`` are the crawls' reports, see `crawl.crawl`."""

    program: Program
    origins: dict[str, ThreadedOrigin] = field(default_factory=dict)
    polls: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""
    daemon: Daemon | None = None

    def told(self, name: str, poll: int = 1) -> Outcome:
        found: Outcome = self.polls[poll]["sources"][name]
        return found

    def items(self, name: str) -> list[dict[str, Any]]:
        """What is published of a source."""
        assert self.daemon is not None
        status, _headers, body = self.daemon.get(f"/feeds/source/{name}.json")
        assert status == 200
        found: list[dict[str, Any]] = json.loads(body)["items"]
        return found

    def origin_of(self, case: Case) -> ThreadedOrigin:
        return self.origins[case.name if case.apart else "main"]

    def places(self, case: Case, path: str) -> Places:
        origin = self.origin_of(case)
        return Places(
            own=origin.url(path),
            host=f"{origin.host}:{origin.port}",
            inside=self.origins[INSIDE].base,
            other=self.origins[OTHER].base,
        )

    def crawl(self, sources: list[dict[str, Any]], only: str = "") -> None:
        """Configure these sources and crawl them, or those whose names end with ``only``, once, in a process
        of its own."""
        Random(len(sources)).shuffle(sources)
        allowed = {each.host for key, each in self.origins.items() if key != INSIDE}
        head = HEAD.format(allowed=", ".join(json.dumps(host) for host in sorted(allowed)))
        self.program.write(configuration(sources, head))
        command = [sys.executable, "-m", "tests.hostile.crawl", str(self.program.config), only]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)
        assert done.returncode == 0, done.stderr[-5000:]
        self.log += done.stderr
        self.polls.append(json.loads(done.stdout.splitlines()[-1]))

    def sources(self, *, turned_only: bool = False) -> list[dict[str, Any]]:
        """The configuration of every case's sources, and of those that are well."""
        found = [{"name": one.name, "url": self._good(one.host).url(f"/{one.name}")} for one in GOOD]
        for case in CASES:
            names = [case.name + LATER] if case.turned else []
            for name in names if turned_only else [case.name, *names]:
                places = self.places(case, f"/{name}")
                url = case.at(places) if case.at else places.own
                found.append({"name": name, "url": url, **case.keys})
        return found

    def _good(self, host: str) -> ThreadedOrigin:
        return self.origins["main" if host == "main" else OTHER]

    def well(self, edition: int) -> None:
        """Every server says what it should."""
        for case in CASES:
            self.origin_of(case).serve(f"/{case.name}{LATER}", case.before, etag='"well"')
        for one in GOOD:
            self._good(one.host).serve(f"/{one.name}", one.document(edition))

    def hostile(self) -> None:
        """Every server of a case turns."""
        for case in CASES:
            for name in (case.name, case.name + LATER):
                case.script(self.origin_of(case).origin, f"/{name}", self.places(case, f"/{name}"))
        self.origins[OTHER].serve("/well", TURNED)
        self.origins[OTHER].serve("/parked", "<!DOCTYPE html><title>This domain is for sale</title>")
        self.origins[OTHER].serve("/inside", redirect=f"{self.origins[INSIDE].base}/article")


@contextmanager
def crawled(folder: Path) -> Iterator[Wire]:
    """All of them after the three crawls, with a daemon that serves what came of it."""
    with ExitStack() as stack:
        found = Wire(Program(folder, ""))
        hosts = {"main": "127.0.0.1", OTHER: OTHER, INSIDE: INSIDE}
        apart = [case.name for case in CASES if case.apart]
        hosts |= {name: f"127.0.1.{number}" for number, name in enumerate(apart, 1)}
        for key, host in hosts.items():
            found.origins[key] = stack.enter_context(ThreadedOrigin(host))
        found.well(1)
        found.crawl(found.sources(turned_only=True))
        found.well(2)
        found.hostile()
        found.crawl(found.sources())
        found.well(2)
        found.crawl(found.sources(), only=LATER)
        found.daemon = stack.enter_context(Daemon(found.program, "serve"))
        yield found


@pytest.fixture(scope="session")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Crawled once for all tests here; none of them changes it."""
    with crawled(tmp_path_factory.mktemp("hostile")) as found:
        yield found
