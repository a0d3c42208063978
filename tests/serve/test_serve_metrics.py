"""What the daemon counts, as Prometheus reads it."""

from __future__ import annotations

import re
from pathlib import Path

from aggregator.errors import NetworkError, SelectorError, StatusError
from aggregator.serve.metrics import Metrics
from tests.crawl.test_articles import CONTENT, article
from tests.crawl.test_listing import news, page
from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program


def articles(text: bytes) -> dict[str, float]:
    """The figures that are about articles, by name and labels."""
    found = re.findall(r"^aggregator_articles_(\S+) (\S+)$", text.decode(), re.MULTILINE)
    return {name: float(value) for name, value in found if "created" not in name}


def test_articles_that_came_and_those_that_did_not_are_counted_by_their_reasons() -> None:
    metrics = Metrics()
    assert articles(metrics.text()) == {"fetched_total": 0, "owed": 0}
    failures = [None, None, NetworkError("x"), StatusError("x", status=503), StatusError("x", status=404)]
    for failure in (*failures, SelectorError("x")):
        metrics.asked_for_article(failure)
    assert articles(metrics.text()) == {
        "fetched_total": 2,
        'failed_total{error="NetworkError",stage="fetch"}': 1,
        'failed_total{error="StatusError",stage="fetch"}': 2,
        'failed_total{error="SelectorError",stage="parse"}': 1,
        "owed": 0,
    }


def test_a_daemon_tells_what_came_what_failed_and_what_is_owed(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page(*"abcdef"))
    for name in "ae":
        threaded_origin.serve(f"/article/{name}", article(name))
    threaded_origin.serve("/article/b", status=404)
    threaded_origin.serve("/article/c", status=503)
    threaded_origin.serve("/article/d", "<p>Another page</p>")
    limit = "article.limit = 5"
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, limit))
    with Daemon(program) as daemon:
        daemon.wait_for("article.failed", 3)
        daemon.wait_for("article.done", 2)
        assert articles(daemon.get("/metrics")[2]) == {
            "fetched_total": 2,
            'failed_total{error="StatusError",stage="fetch"}': 2,
            'failed_total{error="SelectorError",stage="parse"}': 1,
            "owed": 2,
        }
