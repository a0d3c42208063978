"""The browser, the hostile feeds as our server publishes them, and what their pages did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser import chromium
from tests.browser.chromium import Chromium
from tests.browser.hostile_feeds import documents
from tests.origin import ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """``origin`` is where every name leads but wire.example, which is our server, ``daemon``."""

    browser: Chromium
    origin: ThreadedOrigin
    daemon: Daemon
    exported: Path


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    reason = chromium.missing()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("browser")
    with ExitStack() as stack:
        origin = stack.enter_context(ThreadedOrigin())
        sources = []
        for name, body in documents().items():
            kind = "application/feed+json" if "json" in name else "application/xml"
            origin.serve(f"/{name}", body, content_type=kind)
            sources.append({"name": name, "url": origin.url(f"/{name}"), "category": name.partition("-")[0]})
        head = HEAD.replace("[server]", "feed_items = 1000\n[server]", 1)
        program = Program(folder, configuration(sources, head + '[defaults]\npublisher = ["author"]\n'))
        report = program.refresh()
        assert report["exit"] == 0, report["failures"]
        exported = folder / "exported"
        done = program.run("export", str(exported), "--format", "html")
        assert done.returncode == 0, done.stderr
        daemon = stack.enter_context(Daemon(program, "serve"))
        hosts = {"wire.example": urlsplit(daemon.base).port or 0}
        browser = stack.enter_context(Chromium(folder / "profile", hosts, origin.port))
        yield Judge(browser=browser, origin=origin, daemon=daemon, exported=exported)
