"""Real feed readers behind one form: they subscribe to addresses, poll, and tell what they show."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from calendar import timegm
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

import feedparser
import feedparser_sgmllib
import reader

WAIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An item as a reader keeps it. ``at`` is when it was published, as the reader understands it;
    ``files`` are addresses and media types of enclosures; ``content`` HTML (plain text in sfeed)."""

    id: str
    title: str
    link: str
    author: str
    at: datetime | None
    content: str
    files: tuple[tuple[str, str], ...]


class Subscriber(Protocol):
    """``suffixes`` are the formats that the reader reads. ``first_conditional`` numbers the poll, from
    0, in which it first sends validators. ``all_files``: the formats in which it keeps all enclosures of
    an item; in others it keeps one."""

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    first_conditional: ClassVar[int]
    all_files: ClassVar[tuple[str, ...]]

    def __init__(self, folder: Path, urls: Sequence[str]) -> None: ...

    @staticmethod
    def missing() -> str | None:
        """Why the reader cannot be used here, or None."""

    def poll(self) -> None: ...

    def seen(self, url: str) -> list[Seen]: ...


def _command_missing(*names: str) -> str | None:
    missing = [name for name in names if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


def _environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", "TZ": "UTC"}


def _run_all(commands: Iterable[tuple[Sequence[str], Path]]) -> list[str]:
    """Run commands beside each other, each with its home; their output. All must succeed."""
    running = [
        subprocess.Popen(
            command,
            env=_environment(home),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command, home in commands
    ]
    outputs = [process.communicate(timeout=WAIT_S)[0] for process in running]
    for process, output in zip(running, outputs, strict=True):
        assert process.returncode == 0, (process.args, output)
    return outputs


class Newsboat:
    """newsboat, without its screen. It knows an item by its id in whichever feed: an item that stands in
    several feeds of one cache is shown in the one that came last. So every address has a cache of its own,
    unless ``together``. Version 2.21 reads no JSON Feed, and keeps no validators before a feed's second poll.
    """

    name = "newsboat"
    suffixes = ("atom", "rss")
    first_conditional = 2
    all_files = ()

    def __init__(self, folder: Path, urls: Sequence[str], *, together: bool = False) -> None:
        self._homes = {url: folder / f"newsboat{0 if together else n}" for n, url in enumerate(urls)}
        for url, home in self._homes.items():
            home.mkdir(exist_ok=True)
            with (home / "urls").open("a", encoding="utf-8") as subscriptions:
                subscriptions.write(f"{url}\n")
            (home / "config").write_text("auto-reload no\nrefresh-on-startup no\n", encoding="utf-8")

    @staticmethod
    def missing() -> str | None:
        return _command_missing("newsboat")

    def poll(self) -> None:
        _run_all((self._command(home, "reload"), home) for home in sorted(set(self._homes.values())))

    def unread(self, url: str) -> str:
        """What ``print-unread`` says of the cache that `url` is in."""
        home = self._homes[url]
        return _run_all([(self._command(home, "print-unread"), home)])[0].strip()

    def seen(self, url: str) -> list[Seen]:
        query = (
            "SELECT guid, title, url, author, pubDate, content, enclosure_url, enclosure_type"
            " FROM rss_item WHERE deleted = 0 AND feedurl = ?"
        )
        with closing(sqlite3.connect(self._homes[url] / "cache.db")) as database:
            rows = database.execute(query, (url,)).fetchall()
        return [
            Seen(
                id=guid,
                title=title,
                link=link,
                author=author,
                at=datetime.fromtimestamp(at, UTC),
                content=content,
                files=((file, media_type),) if file else (),
            )
            for guid, title, link, author, at, content, file, media_type in rows
        ]

    @staticmethod
    def _command(home: Path, verb: str) -> list[str]:
        options = ["-u", str(home / "urls"), "-c", str(home / "cache.db"), "-C", str(home / "config")]
        return ["newsboat", *options, "-x", verb]


# Stock sfeed_update asks without validators and keeps every title that an item ever had. Its
# configuration may say otherwise, as any shell function of it.
_SFEEDRC = """
sfeedpath="$HOME/feeds"
fetch() {{
    kept="$HOME/etags/$1"
    answer="${{sfeedtmpdir}}/$1.answer"
    curl -f -s -S -m 30 -L --compressed -o "${{answer}}" \\
        --etag-compare "${{kept}}" --etag-save "${{kept}}" "$2" || return 1
    [ ! -e "${{answer}}" ] || cat "${{answer}}"
}}
merge() {{
    sort -t '\t' -u -k6,6 "$3" "$2"
}}
feeds() {{
{feeds}
}}
"""


class Sfeed:
    """sfeed with its sfeed_update. Version 1.7 reads no JSON Feed (a program of its own does that later)."""

    name = "sfeed"
    suffixes = ("atom", "rss")
    first_conditional = 1
    all_files = ()

    def __init__(self, folder: Path, urls: Sequence[str]) -> None:
        self._home = folder / "sfeed"
        (self._home / "etags").mkdir(parents=True)
        self._names = {url: f"feed{n}" for n, url in enumerate(urls)}
        feeds = "\n".join(f"    feed {name} '{url}'" for url, name in self._names.items())
        (self._home / "sfeedrc").write_text(_SFEEDRC.format(feeds=feeds), encoding="utf-8")

    @staticmethod
    def missing() -> str | None:
        return _command_missing("sfeed", "sfeed_update", "curl")

    def poll(self) -> None:
        _run_all([(["sfeed_update", str(self._home / "sfeedrc")], self._home)])

    def seen(self, url: str) -> list[Seen]:
        lines = (self._home / "feeds" / self._names[url]).read_text(encoding="utf-8").splitlines()
        return [self._seen(line.split("\t")) for line in lines]

    @staticmethod
    def _seen(fields: list[str]) -> Seen:
        at, title, link, content, _, id, author, enclosure, _ = fields
        escapes = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}
        return Seen(
            id=id,
            title=title,
            link=link,
            author=author,
            at=datetime.fromtimestamp(int(at), UTC) if at else None,
            content=re.sub(r"\\[nt\\]", lambda match: escapes[match[0]], content),
            files=((enclosure, ""),) if enclosure else (),
        )


class Feedparser:
    """feedparser (no JSON Feed in version 6), with the little that a reader built on it adds: it keeps
    validators and entries."""

    name = "feedparser"
    suffixes = ("atom", "rss")
    first_conditional = 1
    all_files = ("atom",)  # RSS has one enclosure an item; the others go out as media:content

    def __init__(self, folder: Path, urls: Sequence[str]) -> None:
        self._validators: dict[str, dict[str, str]] = {url: {} for url in urls}
        self._entries: dict[str, dict[str, Seen]] = {url: {} for url in urls}

    @staticmethod
    def missing() -> str | None:
        return None  # the program itself needs it

    def poll(self) -> None:
        for url, kept in self._validators.items():
            parsed = feedparser.parse(url, **kept)
            assert not parsed.bozo, (url, parsed.get("bozo_exception"))
            if parsed.status == 304:
                continue
            self._validators[url] = {k: parsed[k] for k in ("etag", "modified") if k in parsed}
            self._entries[url] |= {entry.id: self._seen(entry) for entry in parsed.entries}

    def seen(self, url: str) -> list[Seen]:
        return list(self._entries[url].values())

    @staticmethod
    def _seen(entry: Any) -> Seen:
        texts = [each.value for each in entry.get("content", ())] or [entry.get("summary", "")]
        published = entry.get("published_parsed")
        return Seen(
            id=entry.id,
            title=entry.title,
            link=entry.get("link", ""),
            author=entry.get("author", ""),
            at=datetime.fromtimestamp(timegm(published), UTC) if published else None,
            content=texts[0],
            files=tuple((file.href, file.get("type", "")) for file in entry.get("enclosures", ())),
        )


class Reader:
    """lemon24's `reader`, which reads JSON Feed as well."""

    name = "reader"
    suffixes = ("atom", "rss", "json")
    first_conditional = 1
    all_files = ("atom", "json")  # RSS has one enclosure an item; the others go out as media:content

    def __init__(self, folder: Path, urls: Sequence[str]) -> None:
        self._database = str(folder / "reader.db")
        with self._open() as opened:
            for url in urls:
                opened.add_feed(url)

    @staticmethod
    def missing() -> str | None:
        return None  # pyproject.toml lists it for tests

    def poll(self) -> None:
        with self._open() as opened:
            # Without scheduled=False it leaves out what it polled within the hour.
            for result in opened.update_feeds_iter(scheduled=False):
                assert not isinstance(result.value, Exception), result

    def seen(self, url: str) -> list[Seen]:
        with self._open() as opened:
            entries = list(opened.get_entries(feed=url))
        return [
            Seen(
                id=entry.id,
                title=entry.title or "",
                link=entry.link or "",
                author=entry.authors_str or "",
                at=entry.published,
                content=(entry.content[0].value if entry.content else entry.summary) or "",
                files=tuple((file.href, file.type or "") for file in entry.enclosures),
            )
            for entry in entries
        ]

    def _open(self) -> closing[reader.Reader]:
        # reader brings a feedparser that knows sgmllib by the name of the package it was in before.
        sys.modules.setdefault("sgmllib", feedparser_sgmllib)
        return closing(reader.make_reader(self._database))


ALL: tuple[type[Subscriber], ...] = (Newsboat, Sfeed, Feedparser, Reader)
