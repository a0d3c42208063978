"""Real readers follow our feeds while the sources change in every way that confuses aggregators.

They subscribe to the feed of everything, of a category and of a source, in each format that they read,
and must show every item once, whatever its publisher does to guids, links and addresses.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from html import unescape
from pathlib import Path

import pytest

from tests.readers.conftest import FEEDS, Chapter, Told, feed_urls
from tests.readers.subscribers import Newsboat, Seen, Subscriber
from tests.readers.upstream import SOURCES, Piece, State, story

pytestmark = pytest.mark.slow

STEPS = list(story())
TITLES = {"guids": "With guids", "bare": "Bare", "podcast": "Podcast", "micro": "Micro", "gbk": "财经资讯"}


def source_of(key: str, name: str) -> bool:
    """Whether the source is part of the feed with that key."""
    kind, _, path = key.partition("/")
    within = f"{SOURCES[name]}/".startswith(f"{path}/")
    return kind == "all" or (kind == "source" and name == path) or (kind == "category" and within)


def expected(state: State, key: str) -> dict[str, tuple[str, Piece]]:
    """What a feed should show: title to source and piece."""
    pieces = ((name, piece) for name in SOURCES if source_of(key, name) for piece in state.pieces[name])
    return {piece.shown: (name, piece) for name, piece in pieces}


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_the_feeds_of_the_story_are_different() -> None:
    last = story()[STEPS[-1]]
    assert [len(expected(last, key)) for key in FEEDS] == [20, 12, 4]


def test_every_poll_is_answered(told: Told, kind: type[Subscriber]) -> None:
    """Many at once, of a server that has only just started, too."""
    for step in STEPS:
        asked = Counter(each.path for each in told.chapters[kind.name, step].exchanges)
        assert asked == Counter(f"/feeds/{key}.{suffix}" for key in FEEDS for suffix in kind.suffixes), step
        assert {each.status for each in told.chapters[kind.name, step].exchanges} <= {200, 304}, step


@pytest.mark.parametrize("step", STEPS)
def test_every_item_is_shown_once(told: Told, kind: type[Subscriber], step: str) -> None:
    for (key, suffix), shown in told.chapters[kind.name, step].shown.items():
        titles = Counter(item.title for item in shown)
        assert titles == Counter(list(expected(story()[step], key))), (key, suffix)
        assert max(Counter(item.id for item in shown).values()) == 1, (key, suffix)


@pytest.mark.parametrize("step", STEPS)
def test_everything_comes_through(told: Told, kind: type[Subscriber], step: str) -> None:
    state = story()[step]
    for (key, suffix), shown in told.chapters[kind.name, step].shown.items():
        wanted = expected(state, key)
        for item in shown:
            name, piece = wanted[item.title]
            assert item.link == state.link(piece), (key, suffix)
            assert item.at == piece.at, (key, suffix, item.title)
            assert piece.text in plain(item.content), (key, suffix)
            assert author_as_shown(kind, key, suffix, name, piece) == item.author, (key, suffix, item.title)
            check_files(kind, suffix, piece, item)


def author_as_shown(kind: type[Subscriber], key: str, suffix: str, name: str, piece: Piece) -> str:
    """sfeed takes the author of an entry's source, too: in combined feeds, whose items come from others."""
    takes_source = kind.name == "sfeed" and suffix == "atom" and not key.startswith("source/")
    return piece.author or (TITLES[name] if takes_source else "")


def check_files(kind: type[Subscriber], suffix: str, piece: Piece, item: Seen) -> None:
    wanted = [(file.url, file.media_type) for file in piece.files]
    got = [
        (url, media_type or dict(wanted).get(url, ""))  # sfeed keeps no types
        for url, media_type in item.files
    ]
    if suffix in kind.all_files:
        assert got == wanted
    else:
        assert len(got) == min(1, len(wanted))
        assert set(got) <= set(wanted)


def test_markup_comes_through(told: Told, kind: type[Subscriber]) -> None:
    for (_, suffix), shown in told.chapters[kind.name, "moved"].shown.items():
        texts = {item.title: item.content for item in shown}
        podcast = texts.get("Episode two: “quotes”", "http://new.example/cover.png <li>One</li>")
        assert "http://new.example/cover.png" in podcast, suffix
        assert "<li>One</li>" in podcast, suffix
        report = texts.get("Fish & chips: 1 < 2 🐟", '<a href="http://more.example/?a=1&amp;b=2"')
        assert '<a href="http://more.example/?a=1&amp;b=2"' in report, suffix


def test_an_item_has_one_id_for_ever_and_everywhere(told: Told) -> None:
    """In every feed, format, step and reader."""
    ids = defaultdict(set)
    for (_, step), chapter in told.chapters.items():
        for (key, _), shown in chapter.shown.items():
            wanted = expected(story()[step], key)
            for item in shown:
                ids[wanted[item.title][1].name].add(item.id)
    assert len(ids) == 20
    assert {name: len(each) for name, each in ids.items()} == dict.fromkeys(ids, 1)
    assert len(set.union(*ids.values())) == 20
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", id) for each in ids.values() for id in each)


def test_a_poll_without_news_is_304(told: Told, kind: type[Subscriber]) -> None:
    """Changed guids, a new address of the source and a restart of ours are no news; new links are."""
    before = None
    for n, (step, state) in enumerate(story().items()):
        chapter: Chapter = told.chapters[kind.name, step]
        news = before is None or (before.pieces, before.site) != (state.pieces, state.site)
        assert {each.status for each in chapter.exchanges} == {200 if news else 304}, step
        if n >= kind.first_conditional:
            assert all("if-none-match" in each.headers for each in chapter.exchanges), step
        before = state


@pytest.mark.skipif(Newsboat.missing() is not None, reason=str(Newsboat.missing()))
def test_newsboat_counts_every_item_as_unread_once(told: Told) -> None:
    newsboat = told.subscribed["newsboat"]
    assert isinstance(newsboat, Newsboat)
    for (key, _), url in told.addresses["newsboat"].items():
        assert newsboat.unread(url) == f"{len(expected(story()[STEPS[-1]], key))} unread articles"


@pytest.mark.skipif(Newsboat.missing() is not None, reason=str(Newsboat.missing()))
def test_newsboat_shows_an_item_of_several_feeds_once(told: Told, home: Path) -> None:
    urls = list(feed_urls(told.base, Newsboat).values())
    newsboat = Newsboat(home, urls, together=True)
    newsboat.poll()
    shown = [item.title for url in urls for item in newsboat.seen(url)]
    assert Counter(shown) == Counter(list(expected(story()[STEPS[-1]], "all")))
    assert newsboat.unread(urls[0]) == "20 unread articles"
