"""The two programs that are compared: how each is started, and what it must have done.

A side that asked too little or stored too little is not fast but wrong, so every scenario is checked: against
the server's own count of requests, and against what is in the store afterwards.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.bench import content, measure, server

ROOT = Path(__file__).parents[2]
CATEGORIES = (
    "world",
    "world/zh",
    "tech",
    "tech/open-source",
    "finance",
    "finance/markets",
    "culture",
    "sport",
)
CONCURRENCY = 64


class WrongCount(Exception):
    """A program did not do what it was measured for."""


def environment() -> dict[str, str]:
    """The harness's own, with our package importable from anywhere and no proxy in between."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def news(feeds: int) -> int:
    """How many of so many feeds have a new item in the scenario "some new"."""
    return len(range(0, feeds, server.NEWS_EVERY))


def expected_statuses(scenario: str, feeds: int) -> dict[str, int]:
    """The answers the server must have given, by status."""
    new = news(feeds)
    by_scenario = {
        "cold": {"200": feeds},
        "304s": {"304": feeds},
        "some new": {"200": new, "304": feeds - new},
        "unchanged": {"200": feeds},
    }
    return {status: count for status, count in by_scenario[scenario].items() if count}


def expected_items(scenario: str, feeds: int) -> int:
    """What is in the store after the scenario."""
    return feeds * content.ITEMS + (news(feeds) if scenario in ("some new", "unchanged") else 0)


class Side(Protocol):
    """A program to be measured, with a store of its own in a directory of its own."""

    name: str

    def __init__(self, directory: Path, port: int, feeds: int, python: str) -> None:
        """``python`` is the interpreter that has the program."""

    def prepare(self) -> None:
        """Everything that is not timed: the list of feeds, and compiled modules."""

    def update(self) -> measure.Measured:
        """One refresh of everything, as a process."""

    def check(self, scenario: str, stdout: str) -> None:
        """Raises WrongCount."""


class Ours:
    """``aggregator refresh``."""

    name = "ours"

    def __init__(self, directory: Path, port: int, feeds: int, python: str) -> None:
        self._directory = directory
        self._port = port
        self._feeds = feeds
        self._command = [
            python,
            *("-m", "aggregator", "--config", str(directory / "feeds.toml"), "--log-level", "warning"),
        ]

    def prepare(self) -> None:
        host = f"127.0.0.1:{self._port}"
        blocks = [
            '[store]\nurl = "sqlite:items.db"\n\n'
            f'[fetch]\nmin_gap = "0s"\nper_host = {CONCURRENCY}\nconcurrency = {CONCURRENCY}\n'
            f'allow_private = ["{host}"]\n'
        ]
        blocks.extend(
            f'[[source]]\nname = "feed-{feed}"\ncategory = "{CATEGORIES[feed % len(CATEGORIES)]}"\n'
            f'url = "http://{host}/feed/{feed}"\n'
            for feed in range(self._feeds)
        )
        (self._directory / "feeds.toml").write_text("\n".join(blocks), encoding="utf-8")
        measure.run([*self._command, "check", "--json"], cwd=self._directory, env=environment())
        measure.run([*self._command, "refresh", "--help"], cwd=self._directory, env=environment())

    def update(self) -> measure.Measured:
        return measure.run([*self._command, "refresh", "--json"], cwd=self._directory, env=environment())

    def check(self, scenario: str, stdout: str) -> None:
        report, feeds, new = json.loads(stdout), self._feeds, news(self._feeds)
        results = {
            "cold": {"fetched": feeds},
            "304s": {"not_modified": feeds},
            "some new": {"fetched": new, "not_modified": feeds - new},
            "unchanged": {"unchanged": feeds},
        }[scenario]
        counts: Mapping[str, int] = report["sources"]
        wanted = {**dict.fromkeys(counts, 0), "selected": feeds, **results}
        added = {"cold": feeds * content.ITEMS, "some new": new}.get(scenario, 0)
        if counts != wanted or report["items"]["new"] != added or report["items"]["dropped"]:
            raise WrongCount(f"{self.name}, {scenario}: {report}")
        database = sqlite3.connect(f"file:{self._directory / 'items.db'}?mode=ro", uri=True)
        try:
            (stored,) = database.execute("select count(*) from item").fetchone()
        finally:
            database.close()
        if stored != expected_items(scenario, feeds):
            raise WrongCount(f"{self.name}, {scenario}: {stored} items are stored")


class Peer:
    """`reader`, as its documentation says."""

    name = "reader"

    def __init__(self, directory: Path, port: int, feeds: int, python: str) -> None:
        self._directory = directory
        self._port = port
        self._feeds = feeds
        self._python = python

    def _run(self, *step: str) -> measure.Measured:
        script = Path(__file__).with_name("peer.py")
        command = [self._python, str(script), str(self._directory / "reader.db"), *step]
        return measure.run(command, cwd=self._directory, env=environment())

    def prepare(self) -> None:
        self._run("add", f"127.0.0.1:{self._port}", str(self._feeds))

    def update(self) -> measure.Measured:
        return self._run("update")

    def check(self, scenario: str, stdout: str) -> None:
        stored, broken = self._run("count").stdout.split()
        if (int(stored), int(broken)) != (expected_items(scenario, self._feeds), 0):
            raise WrongCount(f"{self.name}, {scenario}: {stored} items are stored, {broken} feeds are broken")


SIDES: dict[str, type[Side]] = {"ours": Ours, "reader": Peer}
