"""Readers subscribe to feeds that want a token: with a password in the address, or the token in its query."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.origin import ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration, rss
from tests.readers.subscribers import Subscriber

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize("given", ["password", "query"])
def test_readers_show_what_wants_a_token(
    given: str,
    tmp_path: Path,
    home: Path,
    threaded_origin: ThreadedOrigin,
    kind: type[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    threaded_origin.serve("/feed", rss(("a", "First")))
    source = {"name": "acme", "url": threaded_origin.url("/feed")}
    head = HEAD.replace("[server]", f'[server]\ntoken = "{TOKEN}"')
    program = Program(tmp_path, configuration([source], head))
    program.refresh()
    with Daemon(program, "serve") as daemon:
        base, query = daemon.base, f"?token={TOKEN}"
        if given == "password":
            base, query = base.replace("//", f"//reader:{TOKEN}@"), ""
        urls = [f"{base}/feeds/all.{suffix}{query}" for suffix in kind.suffixes]
        subscriber = kind(home, urls)
        subscriber.poll()
        for url in urls:
            assert [item.title for item in subscriber.seen(url)] == ["First"], url
    assert TOKEN not in "".join(daemon.lines)
