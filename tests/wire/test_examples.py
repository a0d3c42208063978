"""The shipped examples: every kind of source, crawled as `make run` does it, from files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import feedparser

from tests.program import ROOT, Daemon, Program


def test_the_shipped_examples_need_no_network(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    program = Program(
        tmp_path, (ROOT / "feeds.toml").read_text(encoding="utf-8").replace('"127.0.0.1:8080', '"127.0.0.1:0')
    )
    report = program.refresh("--category", "examples")
    assert (report["exit"], report["sources"]["fetched"], report["sources"]["failed"]) == (0, 8, 0)
    assert report["items"] == {"new": 44, "updated": 0, "unchanged": 0, "dropped": 1}
    assert program.refresh("--category", "examples", "--force")["sources"]["not_modified"] == 8
    with Daemon(program, "serve") as daemon:

        def feed(key: str) -> dict[str, Any]:
            status, _, body = daemon.get(f"/feeds/{key}.json")
            assert status == 200, key
            return {item["title"]: item for item in json.loads(body)["items"]}

        wire, page = feed("category/examples/zh/wire"), feed("source/example-square")
        for slug, count in (("jiangpanribao", 6), ("harbour-markets-asia", 2), ("gundong", 0)):
            status, _, body = daemon.get(f"/feeds/publisher/{slug}.atom")
            assert (status, len(feedparser.parse(body).entries)) == ((200, count) if count else (404, 0))
    assert len(wire) == 15
    assert all("文章来源" in item["content_html"] for item in wire.values()), "each with its article"
    bank = wire["江畔银行年报：净利润增长4.2%，不良率降至1.1%"]
    assert bank["content_html"].startswith("<p>江畔银行周五公布年报")
    assert bank["date_published"] == "2026-03-13T08:02:11Z"
    shown = json.dumps([*wire.values(), *page.values()], ensure_ascii=False)
    assert not [word for word in ("keytip", "stock_", "quote.example", "占位", "Share<") if word in shown]
    assert (
        'href="https://square.example/places/market"'
        in page["Tram line 4 opens in May, without a terminus"]["content_html"]
    )
