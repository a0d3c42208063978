"""The daemon itself picks up what changes, and readers see it without anybody doing anything."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss
from tests.readers.conftest import feed_urls
from tests.readers.subscribers import Subscriber

pytestmark = pytest.mark.slow


def test_the_daemon_brings_news_to_readers(
    tmp_path: Path,
    home: Path,
    threaded_origin: ThreadedOrigin,
    kind: type[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    threaded_origin.serve("/feed", rss(("a", "First"), ("b", "B 新闻 🙂")))
    often = {"every": "1s", "max_every": "1s"}
    source = {"name": "podcast", "url": threaded_origin.url("/feed"), "category": "world", **often}
    with Daemon(Program(tmp_path, configuration([source])), "run") as daemon:
        daemon.wait_for('"new": 2')
        urls = feed_urls(daemon.base, kind).values()
        subscriber = kind(home, list(urls))
        subscriber.poll()
        for url in urls:
            assert Counter(item.title for item in subscriber.seen(url)) == Counter(["First", "B 新闻 🙂"])
        old = {item.title: item.id for url in urls for item in subscriber.seen(url)}

        threaded_origin.serve("/feed", rss(("c", "Third"), ("a", "First, corrected"), ("b", "B 新闻 🙂")))
        daemon.wait_for('"updated": 1')
        subscriber.poll()
        for url in urls:
            shown = {item.title: item.id for item in subscriber.seen(url)}
            assert len(subscriber.seen(url)) == len(shown)
            assert set(shown) == {"Third", "First, corrected", "B 新闻 🙂"}
            assert shown["First, corrected"] == old["First"]
            assert shown["B 新闻 🙂"] == old["B 新闻 🙂"]
    assert daemon.status == 0
