"""Five sources as strangers write them, and what happens to them step by step.

A `Piece` is what its author wrote; each source writes its pieces in a format of its own. A `State` says
how the world looks at one step. Nothing here knows our program: what readers see is compared with this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

Pieces = tuple["Piece", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An enclosure."""

    url: str
    media_type: str
    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """``name`` never changes. ``title`` is None where the source gives none: readers then show the
    beginning of ``text``. ``markup`` is HTML that follows the text."""

    name: str
    title: str | None
    text: str
    at: datetime
    markup: str = ""
    author: str = ""
    files: tuple[File, ...] = ()

    @property
    def shown(self) -> str:
        """What stands in a reader's list."""
        return self.title or self.text

    @property
    def body(self) -> str:
        """HTML, and XHTML as well."""
        return f"<p>{escape(self.text)}</p>{self.markup}"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``site`` is the host in all links, ``scheme`` the form of all ids, ``folder`` where the feeds are.
    Sources without ids know nothing of ``scheme``."""

    pieces: Mapping[str, Pieces]  # by source, newest first
    site: str = "old.example"
    scheme: str = "tag:{name}"
    folder: str = "/one"

    def link(self, piece: Piece) -> str:
        return f"http://{self.site}/{piece.name}"

    def id(self, piece: Piece) -> str:
        return self.scheme.format(name=piece.name)


SOURCES = {  # with their categories
    "guids": "world",
    "bare": "world/local",
    "podcast": "audio",
    "micro": "audio/short",
    "gbk": "world/asia",
}


def documents(state: State) -> dict[str, tuple[bytes, str]]:
    """Each source's document and its Content-Type."""
    writers: dict[str, tuple[Callable[[State, Pieces], bytes], str]] = {
        "guids": (_rss_with_guids, "application/rss+xml"),
        "bare": (_rss_without_guids, "text/xml"),
        "podcast": (_atom, "application/atom+xml"),
        "micro": (_json, "application/feed+json"),
        "gbk": (_gbk, "text/xml; charset=GBK"),
    }
    return {name: (write(state, state.pieces[name]), kind) for name, (write, kind) in writers.items()}


def _rss_with_guids(state: State, pieces: Pieces) -> bytes:
    items = "".join(
        f'<item><guid isPermaLink="false">{state.id(piece)}</guid><title>{escape(piece.title or "")}</title>'
        f"<link>{state.link(piece)}</link><pubDate>{format_datetime(piece.at)}</pubDate>"
        f"<dc:creator>{escape(piece.author)}</dc:creator>"
        f"<description>In short.</description><content:encoded><![CDATA[{piece.body}]]></content:encoded>"
        + "".join(
            f'<enclosure url="{file.url}" type="{file.media_type}" length="{file.length_bytes}"/>'
            for file in piece.files
        )
        + "</item>"
        for piece in pieces
    )
    spaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    )
    head = f"<title>With guids</title><link>http://{state.site}/</link><description>d</description>"
    return f'<rss version="2.0" {spaces}><channel>{head}{items}</channel></rss>'.encode()


def _rss_without_guids(state: State, pieces: Pieces) -> bytes:
    items = "".join(
        f"<item><title>{escape(piece.title or '')}</title><link>{state.link(piece)}</link>"
        f"<pubDate>{format_datetime(piece.at)}</pubDate><description>{escape(piece.body)}</description></item>"
        for piece in pieces
    )
    head = f"<title>Bare</title><link>http://{state.site}/</link><description>d</description>"
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def _atom(state: State, pieces: Pieces) -> bytes:
    entries = "".join(
        f"<entry><id>{state.id(piece)}</id><title>{escape(piece.title or '')}</title>"
        f'<link href="/{piece.name}"/><published>{piece.at.isoformat()}</published>'
        f"<updated>{piece.at.isoformat()}</updated><author><name>{escape(piece.author)}</name></author>"
        + "".join(
            f'<link rel="enclosure" href="{file.url}" type="{file.media_type}" length="{file.length_bytes}"/>'
            for file in piece.files
        )
        + f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{piece.body}</div></content></entry>'
        for piece in pieces
    )
    head = (
        f'<id>tag:podcast</id><title>Podcast</title><link href="http://{state.site}/"/>'
        f"<updated>{pieces[0].at.isoformat()}</updated>"
    )
    space = f'xmlns="http://www.w3.org/2005/Atom" xml:base="http://{state.site}/"'
    return f"<?xml version='1.0'?><feed {space}>{head}{entries}</feed>".encode()


def _json(state: State, pieces: Pieces) -> bytes:
    items = [
        {
            "id": state.id(piece),
            "url": state.link(piece),
            "content_html": piece.body,
            "date_published": piece.at.isoformat(),
            "authors": [{"name": piece.author}],
            "attachments": [
                {"url": file.url, "mime_type": file.media_type, "size_in_bytes": file.length_bytes}
                for file in piece.files
            ],
        }
        for piece in pieces
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "Micro"}
    return json.dumps({**head, "home_page_url": f"http://{state.site}/", "items": items}).encode()


def _gbk(state: State, pieces: Pieces) -> bytes:
    """Dates are wall-clock time in Shanghai, without saying so."""
    items = "".join(
        f"<item><guid>{state.id(piece)}</guid><title>{escape(piece.title or '')}</title>"
        f"<link>{state.link(piece)}</link><author>{piece.author}</author>"
        f"<pubDate>{piece.at + timedelta(hours=8):%Y-%m-%d %H:%M:%S}</pubDate>"
        f"<description><![CDATA[{piece.body}]]></description></item>"
        for piece in pieces
    )
    head = f"<title>财经资讯</title><link>http://{state.site}/</link><description>每日要闻</description>"
    text = f'<?xml version="1.0" encoding="gbk"?><rss version="2.0"><channel>{head}{items}</channel></rss>'
    return text.encode("gbk")


def _at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 8, day, hour, 30, tzinfo=UTC)


def _piece(name: str, title: str | None, text: str, day: int, **fields: Any) -> Piece:
    return Piece(name=name, title=title, text=text, at=_at(day), **fields)


def _file(name: str, media_type: str, length_bytes: int) -> File:
    return File(url=f"http://files.example/{name}", media_type=media_type, length_bytes=length_bytes)


FIRST: dict[str, Pieces] = {
    "guids": (
        _piece(
            "g2",
            "Fish & chips: 1 < 2 🐟",
            "A long report about the return of fish & chips <for now>",
            9,
            author="Zoë Müller",
            markup='<p><a href="http://more.example/?a=1&amp;b=2">More</a><br/></p>',
            files=(_file("g2.mp3", "audio/mpeg", 1234),),
        ),
        _piece("g1", "Rain 🌧️👩‍👩‍👧 ahead", "It rains for all of the coming week", 7, author="Ann"),
    ),
    "bare": (
        _piece("b2", "مرحبا بالعالم (v2)", "هذا نص طويل بما يكفي ليتعرف عليه القارئ دون معرف", 8),
        _piece("b1", "שלום עולם", "זהו טקסט ארוך מספיק כדי לזהות את הפריט גם בלי מזהה", 6),
    ),
    "podcast": (
        _piece(
            "p2",
            "Episode two: “quotes”",
            "Two voices talk about many things in this second part",
            5,
            author="Ida & Ole",
            markup='<p><img src="cover.png" alt="Cover"/></p><ul><li>One</li></ul>',
            files=(
                _file("p2.mp3", "audio/mpeg", 5_000_001),
                _file("p2.ogg", "audio/ogg", 4_000_002),
                _file("p2.pdf", "application/pdf", 3003),
            ),
        ),
        _piece("p1", "Episode one", "One voice talks about one thing in this first part", 4, author="Ida"),
    ),
    "micro": (
        _piece("m2", None, "Second thought of the day, without any title at all 💡", 3, author="mic"),
        _piece("m1", None, "First thought of the day, without any title at all", 2, author="mic"),
    ),
    "gbk": (
        _piece(
            "c2",
            "央行宣布降准：市场反应积极",
            "中国人民银行今日宣布，下调金融机构存款准备金率。" * 2,
            3,
            author="记者 王芳",
        ),
        _piece("c1", "沪指收涨", "沪深两市今日震荡走高，成交额超过一万亿元人民币。" * 2, 1, author="李雷"),
    ),
}


def _with_new(pieces: Mapping[str, Pieces], number: int) -> dict[str, Pieces]:
    """Something new at the top of every source."""
    added = {
        source: _piece(
            f"{source}-new{number}",
            None if source == "micro" else f"News {number} of {source} 新闻",
            f"What is new at {source}, for the time number {number}, at some length",
            9 + number,
            author="Neo" if source != "bare" else "",
        )
        for source in pieces
    }
    return {source: (added[source], *before) for source, before in pieces.items()}


def _corrected(pieces: Mapping[str, Pieces]) -> dict[str, Pieces]:
    """The oldest piece of every source gets another title and text."""

    def corrected(piece: Piece) -> Piece:
        title = f"{piece.title} (corrected)" if piece.title else None
        return replace(piece, title=title, text=f"Corrected: {piece.text}")

    return {source: (*before[:-1], corrected(before[-1])) for source, before in pieces.items()}


def story() -> dict[str, State]:
    """The steps in order. In each, the state before has changed in one way."""
    first = State(pieces=FIRST)
    more = replace(first, pieces=_with_new(first.pieces, 1))
    corrected = replace(more, pieces=_corrected(more.pieces))
    renumbered = replace(corrected, scheme="http://ids.example/?p={name}")
    redirected = replace(renumbered, folder="/two")
    moved = replace(redirected, site="new.example")
    afterwards = replace(moved, pieces=_with_new(moved.pieces, 2))
    both = replace(afterwards, site="third.example", scheme="urn:third:{name}")
    return {
        "first": first,
        "new items": more,
        "corrected": corrected,
        "other guids": renumbered,
        "redirected": redirected,
        "moved": moved,
        "new after the move": afterwards,
        "moved with other guids": both,
        "nothing": both,
        "restarted": both,  # that is, our server
    }
