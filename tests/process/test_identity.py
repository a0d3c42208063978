"""The rules of identity, each with the feeds that need it, played over several polls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.document import Enclosure, Entry, Extension, FeedDate, Text
from aggregator.model.item import Alias, Known, KnownItem
from aggregator.process import identity

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BODY = "Enough words to know this entry by, and nothing else: "


def entry(
    guid: str | None = None, link: str | None = None, title: str | None = None, text: str = ""
) -> Entry:
    return Entry(
        guid=guid,
        link=link,
        title=None if title is None else Text(value=title),
        content=Text(value=text) if text else None,
    )


def media(path: str) -> Entry:
    return Entry(enclosures=(Enclosure(url=f"https://e.org{path}"),))


@dataclass
class Memory:
    """What a store remembers of one source, in two dicts."""

    aliases: dict[Alias, int | None] = field(default_factory=dict)
    items: dict[int, KnownItem] = field(default_factory=dict)

    def poll(self, *entries: Entry) -> list[int | str]:
        """The item id of each entry, in document order; "dropped" for repetitions."""
        wanted = identity.wanted(entries)
        aliases = {alias: item_id for alias, item_id in self.aliases.items() if alias in wanted}
        ids = {item_id for item_id in aliases.values() if item_id is not None}
        known = Known(aliases=aliases, items={item_id: self.items[item_id] for item_id in ids})
        resolved = identity.resolve(entries, known)
        assert [match.entry_index for match in resolved.matches] == list(range(len(entries)))
        result: list[int | str] = []
        for match, one in zip(resolved.matches, entries, strict=True):
            if match.duplicate_of is not None:
                assert resolved.matches[match.duplicate_of].duplicate_of is None
                assert not match.new_aliases
                result.append("dropped")
                continue
            item_id = match.item_id
            if item_id is None:
                item_id = len(self.items) + 1
                uid = identity.mint_uid("key", match.mint or "")
                assert uid not in {item.uid for item in self.items.values()}
            else:
                uid = self.items[item_id].uid
            self.items[item_id] = KnownItem(
                item_id=item_id,
                uid=uid,
                guid_hash=match.keys.guid.hash if match.keys.guid else None,
                title_hash=match.keys.title_hash,
                entry_digest=identity.entry_digest(one),
                digest=b"",
                first_seen_at=NOW,
                sorted_at=NOW,
                updated_at=None,
                silent_edits=0,
                pruned=item_id % 2 == 0,
            )
            for alias in match.new_aliases:
                assert alias not in self.aliases
                self.aliases[alias] = item_id
            result.append(item_id)
        for alias in resolved.shared:
            self.aliases[alias] = None
        return result


A = entry("g1", "https://e.org/1", "One", BODY + "one")
B = entry("g2", "https://e.org/2", "Two", BODY + "two")
HOME = "https://e.org/"

# name: polls, each of (entries, expected item numbers)
Poll = tuple[list[Entry], list[int | str]]
CASES: dict[str, list[Poll]] = {
    "the same document again": [([A, B], [1, 2]), ([A, B], [1, 2]), ([B, A], [2, 1])],
    "title, link and text corrected: the guid decides": [
        ([A], [1]),
        ([entry("g1", "https://e.org/new", "Corrected", "Other text")], [1]),
    ],
    "no guid: a corrected title is an update": [
        ([entry(None, "https://e.org/1", "Oen")], [1]),
        ([entry(None, "https://e.org/1", "One")], [1]),
    ],
    "no guid, other spelling of the link": [
        ([entry(None, "http://e.org/1?utm_source=rss", "One")], [1]),
        ([entry(None, "https://E.org:443/1", "One!")], [1]),
    ],
    "one guid for everything: links tell apart": [
        ([entry("g", "https://e.org/1", "One"), entry("g", "https://e.org/2", "Two")], [1, 2]),
        ([entry("g", "https://e.org/3", "New"), entry("g", "https://e.org/1", "One")], [3, 1]),
        ([entry("g", "https://e.org/2", "Two, corrected")], [2]),
    ],
    "a guid becomes shared later": [
        ([entry("g", "https://e.org/1", "One")], [1]),
        ([entry("g", "https://e.org/2", "Two"), entry("g", "https://e.org/1", "One")], [2, 1]),
        ([entry("g", "https://e.org/2", "Two")], [2]),
    ],
    "a guid and nothing else, and it becomes shared": [
        ([entry("g")], [1]),
        ([entry("g"), entry("g", "https://e.org/2", "Two")], [1, 2]),
        ([entry("g"), entry("g", "https://e.org/2", "Two")], [1, 2]),
    ],
    "everything links to the home page: guids tell apart": [
        ([entry("g1", HOME, "One"), entry("g2", HOME, "Two")], [1, 2]),
        ([entry("g3", HOME, "Three"), entry("g1", HOME, "One")], [3, 1]),
    ],
    "everything links to the home page, without guids": [
        ([entry(None, HOME, "One"), entry(None, HOME, "Two")], [1, 2]),
        ([entry(None, HOME, "Three"), entry(None, HOME, "Two"), entry(None, HOME, "One")], [3, 2, 1]),
    ],
    "one entry a document, all linking home": [
        ([entry("g1", HOME, "Photo")], [1]),
        ([entry("g2", HOME, "Photo")], [2]),
        ([entry(None, HOME, "Other")], [3]),
    ],
    "exact repeats": [([A, A, B, A], [1, "dropped", 2, "dropped"]), ([A, A, B], [1, "dropped", 2])],
    "a repeat without its guid": [
        ([entry(None, "https://e.org/1", "One", BODY + "one"), A], ["dropped", 1]),
        ([A], [1]),
    ],
    "all guids change": [
        ([A, B], [1, 2]),
        ([entry("n1", "https://e.org/1", "One", BODY), entry("n2", "https://e.org/2", "Two", BODY)], [1, 2]),
        ([entry("m1", "https://e.org/1", "One", BODY), entry("m2", "https://e.org/2", "Two", BODY)], [1, 2]),
    ],
    "guids appear where there were none": [
        ([entry(None, "https://e.org/1", "One")], [1]),
        ([entry("g1", "https://e.org/1", "One, corrected")], [1]),
    ],
    "an unknown guid with a known link, but another title": [
        ([entry("g1", "https://e.org/page", "Monday")], [1]),
        ([entry("g2", "https://e.org/page", "Tuesday")], [2]),
    ],
    "the same story submitted twice": [
        ([entry("g1", "https://e.org/story", "Story")], [1]),
        ([entry("g2", "https://e.org/story", "Story"), entry("g1", "https://e.org/story", "Story")], [2, 1]),
        ([entry("g2", "https://e.org/story", "Story")], [2]),
    ],
    "the known guid is elsewhere, its link and title are not": [
        ([entry("g1", "https://e.org/1", "Story")], [1]),
        (
            [entry("g2", "https://e.org/1", "Story"), entry("g1", "https://e.org/1b", "Story, continued")],
            [2, 1],
        ),
    ],
    "the site moved: other guids and links": [
        ([A, B], [1, 2]),
        (
            [
                entry("https://n.org/1", "https://n.org/1", "One", BODY + "one"),
                entry("https://n.org/2", "https://n.org/2", "Two", BODY + "two"),
                entry("https://n.org/3", "https://n.org/3", "Three", BODY + "three"),
            ],
            [1, 2, 3],
        ),
    ],
    "a weekly post in the same words, alone": [
        ([entry("g1", "https://e.org/1", "Open thread", BODY)], [1]),
        ([entry("g2", "https://e.org/2", "Open thread", BODY)], [2]),
    ],
    "a weekly post in the same words, among others": [
        ([entry("g1", "https://e.org/1", "Open thread", BODY), B], [1, 2]),
        ([entry("g3", "https://e.org/3", "Open thread", BODY), B], [3, 2]),
    ],
    "too little text to move by": [
        ([entry("g1", "https://e.org/1", "Weather", "Rain")], [1]),
        ([entry("g2", "https://e.org/2", "Weather", "Rain")], [2]),
    ],
    "no link at all: a little text is enough": [
        ([entry("g1", None, "Note", "Rain")], [1]),
        ([entry("g2", None, "Note", "Rain")], [1]),
        ([entry("g3", None, "Note", "")], [2]),
    ],
    "guids number the places of a list": [
        (
            [
                entry("1", "https://e.org/a", "A", BODY + "a"),
                entry("2", "https://e.org/b", "B", BODY + "b"),
                entry("3", "https://e.org/c", "C", BODY + "c"),
            ],
            [1, 2, 3],
        ),
        (
            [
                entry("1", "https://e.org/n", "N", BODY + "n"),
                entry("2", "https://e.org/a", "A", BODY + "a"),
                entry("3", "https://e.org/b", "B", BODY + "b"),
                entry("4", "https://e.org/c", "C", BODY + "c"),
            ],
            [4, 1, 2, 3],
        ),
    ],
    "guids number the places of a list without texts": [
        ([entry("1", "https://e.org/a", "A"), entry("2", "https://e.org/b", "B")], [1, 2]),
        (
            [
                entry("1", "https://e.org/n", "N"),
                entry("2", "https://e.org/a", "A"),
                entry("3", "https://e.org/b", "B"),
            ],
            [3, 1, 2],
        ),
    ],
    "a repeat without guid comes back alone, when its words are shared": [
        ([entry(None, None, "One"), entry("g1", None, "One")], ["dropped", 1]),
        ([entry("g2", "https://e.org/2", "One")], [2]),
        ([entry(None, None, "One")], [1]),
    ],
    "nothing but media files": [
        ([media("/1.mp3"), media("/2.mp3")], [1, 2]),
        ([media("/3.mp3"), media("/2.mp3"), media("/1.mp3")], [3, 2, 1]),
    ],
    "nothing but text": [
        ([entry(title="One"), entry(title="Two"), entry(text="Three")], [1, 2, 3]),
        ([entry(text="Three"), entry(title="Two"), entry(title="One")], [3, 2, 1]),
    ],
    "an earlier version of an item beside the present one": [
        ([entry("g", "https://e.org/1", "First")], [1]),
        ([entry("g", "https://e.org/1", "Second")], [1]),
        ([entry("g", "https://e.org/1", "Second"), entry("g", "https://e.org/1", "First")], [1, "dropped"]),
    ],
    "two items with equal words": [
        ([entry("g1", "https://e.org/1", "Ad", BODY), entry("g2", "https://e.org/2", "Ad", BODY)], [1, 2]),
        ([entry("g3", "https://e.org/3", "Ad", BODY)], [3]),
    ],
    "a fragment tells apart": [
        ([entry(None, "https://e.org/p#a", "A"), entry(None, "https://e.org/p#b", "B")], [1, 2]),
        ([entry(None, "https://e.org/p#b", "Bee"), entry(None, "https://e.org/p#a", "Aye")], [2, 1]),
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    memory = Memory()
    for entries, expected in CASES[name]:
        assert memory.poll(*entries) == expected


def test_dates_play_no_part() -> None:
    memory = Memory()
    early = Entry(guid="g", published=FeedDate(at=NOW))
    late = Entry(guid="g", published=FeedDate(at=NOW.replace(year=2020)))
    assert memory.poll(early) == memory.poll(late) == [1]
    assert identity.entry_digest(early) == identity.entry_digest(late)


def test_a_uid_depends_on_the_source_and_is_permanent() -> None:
    assert identity.mint_uid("k1", "guid:00") != identity.mint_uid("k2", "guid:00")
    # Published for ever: this value must never change.
    assert identity.mint_uid("k1", "guid:00") == "65ff66d5-d057-56fd-a722-b5bafd32f1df"


@st.composite
def documents(draw: st.DrawFn) -> list[Entry]:
    few = st.sampled_from
    return draw(
        st.lists(
            st.builds(
                entry,
                guid=few([None, "g1", "g2", "g3"]),
                link=few([None, HOME, "https://e.org/1", "https://e.org/2"]),
                title=few([None, "One", "Two"]),
                text=few(["", "short", BODY + "1", BODY + "2"]),
            ),
            max_size=8,
        )
    )


@given(st.lists(documents(), min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_no_entry_is_shown_twice_however_it_comes_back(polls: list[list[Entry]], random: Random) -> None:
    """Whatever a source did before, entries that are polled again unchanged are never new."""
    memory = Memory()
    for entries in polls:
        memory.poll(*entries)
    count = len(memory.items)
    for entries in polls:
        again = entries[:]
        random.shuffle(again)
        memory.poll(*again[: len(again) // 2])
        memory.poll(*again)
    assert len(memory.items) == count


@given(documents())
@settings(max_examples=200, deadline=None)
def test_entries_of_one_document_are_never_merged(entries: list[Entry]) -> None:
    """Only entries that repeat another are dropped: equal in guid, link and title, or in all but a guid."""
    memory = Memory()
    found = memory.poll(*entries)
    kept = [one for one, item_id in zip(entries, found, strict=True) if item_id != "dropped"]
    assert len({item_id for item_id in found if item_id != "dropped"}) == len(kept)
    for one, item_id in zip(entries, found, strict=True):
        if item_id == "dropped":
            assert any(
                (one.guid in (None, other.guid) and one.link == other.link and one.title == other.title)
                for other in kept
            )


def test_digest_ignores_counters_only() -> None:
    media = "http://search.yahoo.com/mrss/"

    def with_views(views: str, name: str = "statistics") -> bytes:
        counter = Extension(namespace=media, name=name, attributes=(("views", views),))
        return identity.entry_digest(
            Entry(
                guid="g",
                extensions=(Extension(namespace=media, name="community", children=(counter,)), counter),
            )
        )

    assert with_views("1") == with_views("2")
    assert with_views("1", "content") != with_views("2", "content")


@pytest.mark.parametrize(
    "changed",
    [
        entry("g1", "https://e.org/other", "One", BODY + "one"),
        entry("g1", "https://e.org/1", "One.", BODY + "one"),
        entry("g1", "https://e.org/1", "One", BODY + "one."),
        Entry(guid="g1", link="https://e.org/1", title=A.title, summary=A.content),
        Entry(
            guid="g1", link="https://e.org/1", title=A.title, content=A.content, comments="https://e.org/c"
        ),
    ],
)
def test_digest_sees_what_is_published(changed: Entry) -> None:
    assert identity.entry_digest(changed) != identity.entry_digest(A)


def test_digest_does_not_see_the_guid() -> None:
    other = Entry(guid="other", link=A.link, title=A.title, content=A.content)
    assert identity.entry_digest(other) == identity.entry_digest(A)
