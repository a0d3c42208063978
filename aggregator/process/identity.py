"""Which entry is which item: the rules by which no item is lost and none shown twice.

An entry shows up to four identities, each a 16-byte hash of a normal form: its guid, its link, its
title with its text, and the three of them together (its *whole*). An entry without a link has the address
of its first media file, or else of its comments, in place of it. The store remembers for every
source which item each identity has meant ("alias"), or that it has meant several ("shared").
Dates are never looked at, and one source's identities never meet another's.

1.  Look-up goes by guid, then link, then title and text.
2.  What does not tell apart does not identify. An identity that several entries of one document
    show is shared from then on: it is neither looked up nor given to an item again, and the
    entries are told apart by their other identities. Entries with the same whole are one entry
    repeated: the first stays, the others are duplicates of it; so is an earlier version of an item
    beside the present one. An entry without guid that has link, title
    and text in common with one that has a guid repeats it, too.
3.  A guid decides, unless link and text both mean one other item: then it is that item, and the guid is
    shared (guids that number positions in a list).
4.  An unknown guid is not yet a new item: with the link of a known item and the same title, or the
    same text, or where that item never had a guid, it is that item. So a source that renews all its
    guids makes no second copies. A link to the root of a host says nothing: there the text must agree.
5.  With guid and link unknown, title and text decide if there is enough of it: 32 characters of text,
    or any text where the entry has no link at all. An entry that has both a guid and a link is known by
    its text only where the site has moved: when at least two entries of the document, and most of
    those that are known at all, are known in no other way. A post that says the same every week is new
    every week.
6.  Without a guid the link alone decides, so that a corrected title is an update; without a usable
    link, title and text. A link to the root of a host needs the same title.
7.  Two entries of one document are never the same known item. The one with the better evidence
    keeps it, the other is new: the whole is better than a guid that link or text confirm, then link with
    enough text, guid, link with title, link, text. That is also why an item whose own guid stands on another
    entry of the document is not taken over by rules 4 and 5: the guid is the better evidence.
8.  A new item's uid is minted from its first identity that is neither shared nor another item's, its
    whole if there is no other.
9.  Items that were pruned still count: an old item that comes back is not news.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from uuid import UUID

from aggregator.model.document import Entry, Text
from aggregator.model.item import Alias, Known
from aggregator.process import links
from aggregator.process.digest import entry_digest, hash16
from aggregator.process.text import fold, rough_text

__all__ = ["Keys", "Match", "Resolved", "all_keys", "entry_digest", "keys", "mint_uid", "resolve", "wanted"]

NAMESPACE = UUID("0d3e7f0c-5c0b-4a55-9d6b-6f1f6f0c8a6e")  # of all our uids: never to change
_NAMESPACE_BYTES = NAMESPACE.bytes
ENOUGH_TEXT = 32

# How sure a match is, surest first.
_WHOLE, _CONFIRMED, _LINK_AND_TEXT, _GUID, _LINK_AND_TITLE, _LINK, _TEXT, _MOVED = range(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The identities that one entry shows; None where it has none of the kind.

    ``whole`` is an alias of kind "text", too, over guid, link and title (over the text as well where
    there is no guid or no title). ``title_hash`` is None without a title. ``tells`` says whether there is
    enough text to know the entry by; ``home`` that the link is the root of a host.
    """

    guid: Alias | None
    link: Alias | None
    text: Alias | None
    title_hash: bytes | None
    whole: Alias
    tells: bool = False
    home: bool = False

    def aliases(self) -> tuple[Alias, ...]:
        """The identities there are, strongest first, the whole last."""
        guid, link, text, whole = self.guid, self.link, self.text, self.whole
        if guid is not None and link is not None and text is not None:
            return guid, link, text, whole
        return tuple([alias for alias in (guid, link, text, whole) if alias is not None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What became of one entry: the known item ``item_id``; or a repetition of the entry with index
    ``duplicate_of``; or, when both are None, a new item, minted from ``mint``. ``new_aliases`` are
    to be stored for the item (empty for repetitions)."""

    entry_index: int
    keys: Keys
    item_id: int | None
    duplicate_of: int | None
    new_aliases: tuple[Alias, ...]
    mint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """One `Match` an entry, in document order, and the aliases found to mean several items."""

    matches: tuple[Match, ...]
    shared: tuple[Alias, ...]


def keys(entry: Entry) -> Keys:
    """The identities of ``entry``. About 20 microseconds for 3 kB of text."""
    guid = (entry.guid or "").strip()
    address = entry.link or _stand_in(entry)
    link = links.normal_form(address) if address else ""
    title = _plain(entry.title)
    body = _plain(entry.content) or _plain(entry.summary)
    text = f"{title}\n{body}" if title or body else ""
    whole = f"{guid}\0{link}\0{title if guid and title else text}"
    return Keys(
        guid=Alias("guid", hash16(guid)) if guid else None,
        link=Alias("link", hash16(link)) if link else None,
        text=Alias("text", hash16(text)) if text else None,
        title_hash=hash16(title) if title else None,
        whole=Alias("text", hash16(whole, b"whole")),
        tells=len(body) >= ENOUGH_TEXT or (bool(body) and not entry.link),
        home=links.is_home(link),
    )


def _stand_in(entry: Entry) -> str | None:
    """What an entry without link is about: its first media file, else its discussion."""
    return entry.enclosures[0].url if entry.enclosures else entry.comments


def _plain(text: Text | None) -> str:
    if text is None or not text.value:
        return ""
    return fold(text.value) if text.type == "text" else rough_text(text.value)


def all_keys(entries: Iterable[Entry]) -> list[Keys]:
    """`keys` of each entry: for those who call both `wanted` and `resolve`."""
    return [keys(entry) for entry in entries]


def wanted(entries: Sequence[Entry], shown: Sequence[Keys] | None = None) -> set[Alias]:
    """Every alias that `resolve` will ask for. ``shown`` spares computing the keys once more."""
    return {alias for one in shown or all_keys(entries) for alias in one.aliases()}


def mint_uid(source_key: str, mint: str) -> str:
    """The permanent uid of an item, from its source's immutable key and `Match.mint`: a UUID of
    version 5 (RFC 9562 section 5.5), made without the detours of the standard library's."""
    raw = bytearray(sha1(_NAMESPACE_BYTES + f"{source_key}\n{mint}".encode(), usedforsecurity=False).digest())
    raw[6] = raw[6] & 0x0F | 0x50
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw[:16].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def resolve(entries: Sequence[Entry], known: Known, shown: Sequence[Keys] | None = None) -> Resolved:
    """Tells for every entry which item it is, by the rules at the head of this module.

    ``known`` must hold what the store knows of `wanted`; ``shown`` is `all_keys` of the entries.
    """
    shown = shown or all_keys(entries)
    duplicates = _duplicates(shown)
    primaries = [index for index in range(len(shown)) if index not in duplicates]
    shared = _repeated(shown[index] for index in primaries)
    unusable = shared | {alias for alias, item_id in known.aliases.items() if item_id is None}
    taken = _assign(shown, primaries, known, unusable)

    _drop_former_versions(shown, primaries, known, taken, duplicates)
    repeats: dict[int, list[Alias]] = {}
    for index in duplicates:
        repeats.setdefault(_last(duplicates, index), []).append(shown[index].whole)

    matches: list[Match] = []
    for index, one in enumerate(shown):
        item_id = taken.get(index)
        own: tuple[Alias, ...] = ()
        if index not in duplicates:
            usable = [alias for alias in one.aliases() if alias not in unusable]
            both = dict.fromkeys((*usable, *repeats[index])) if index in repeats else usable
            own = tuple([alias for alias in both if alias not in known.aliases])
            # An identity that now means this item, but has meant another one, means neither.
            if known.aliases:
                shared.update([a for a in usable if known.aliases.get(a, item_id) != item_id])
        matches.append(
            Match(
                entry_index=index,
                keys=one,
                item_id=item_id,
                duplicate_of=_last(duplicates, index) if index in duplicates else None,
                new_aliases=own,
                mint=_mint(one, own) if item_id is None and index not in duplicates else None,
            )
        )
    newly = (alias for alias in shared if known.aliases.get(alias, 0) is not None)
    return Resolved(
        matches=tuple(matches), shared=tuple(sorted(newly, key=lambda alias: (alias.kind, alias.hash)))
    )


def _drop_former_versions(
    shown: Sequence[Keys],
    primaries: Iterable[int],
    known: Known,
    taken: dict[int, int],
    duplicates: dict[int, int],
) -> None:
    """Marks entries that are an earlier version of an item whose present version stands beside them."""
    takers = {item_id: index for index, item_id in taken.items()}
    for index in primaries:
        former = known.aliases.get(shown[index].whole)
        if index not in taken and former in takers:
            duplicates[index] = takers[former]


def _mint(one: Keys, own: Sequence[Alias]) -> str:
    """What a new item's uid is made of: its first own identity (a new entry's whole always is)."""
    alias = own[0]
    return f"{'whole' if alias == one.whole else alias.kind}:{alias.hash.hex()}"


def _duplicates(shown: Sequence[Keys]) -> dict[int, int]:
    """For every repetition: the index of the entry that it repeats (rule 2)."""
    first: dict[Alias, int] = {}
    first_said: dict[tuple[Alias | None, Alias], int] = {}
    for index, one in enumerate(shown):
        first.setdefault(one.whole, index)
        if one.guid is not None and one.text is not None:
            first_said.setdefault((one.link, one.text), index)
    duplicates: dict[int, int] = {}
    for index, one in enumerate(shown):
        if first[one.whole] != index:
            duplicates[index] = first[one.whole]
        elif one.guid is None and one.text is not None and (one.link, one.text) in first_said:
            duplicates[index] = first_said[one.link, one.text]
    return duplicates


def _last(duplicates: dict[int, int], index: int) -> int:
    """Where a chain of repetitions (a repeats b, which repeats c) ends."""
    while index in duplicates:
        index = duplicates[index]
    return index


def _repeated(shown: Iterable[Keys]) -> set[Alias]:
    """The aliases that more than one of the (different) entries show."""
    seen: set[Alias] = set()
    repeated: set[Alias] = set()
    for one in shown:
        aliases = one.aliases()
        if not seen.isdisjoint(aliases):
            repeated.update(seen.intersection(aliases))
        seen.update(aliases)
    return repeated


def _assign(
    shown: Sequence[Keys], primaries: Sequence[int], known: Known, unusable: set[Alias]
) -> dict[int, int]:
    """Entry index to known item id: the surest claims first, each entry and each item once (rule 7)."""
    if not known.items:
        return {}
    claims = [
        (rank, index, item_id)
        for index in primaries
        for rank, item_id in _claims(shown[index], known, unusable)
    ]
    moved = sum(rank == _MOVED for rank, _, _ in claims)
    if moved < 2 or 2 * moved <= len(claims):
        claims = [claim for claim in claims if claim[0] != _MOVED]
    claims.sort()
    taken: dict[int, int] = {}
    gone: set[int] = set()
    for _, index, item_id in claims:
        if index not in taken and item_id not in gone:
            taken[index] = item_id
            gone.add(item_id)
    return taken


def _claims(one: Keys, known: Known, unusable: set[Alias]) -> list[tuple[int, int]]:
    """The known items that an entry may be, each with how sure that is (rules 1 and 3 to 6)."""

    def item(alias: Alias | None) -> int | None:
        return None if alias is None or alias in unusable else known.aliases.get(alias)

    guid, link, text, whole = item(one.guid), item(one.link), item(one.text), item(one.whole)
    has_guid = one.guid is not None and one.guid not in unusable
    if link is not None and one.home and (has_guid or one.title_hash != known.items[link].title_hash):
        link = None
    claims: list[tuple[int, int]] = []
    if whole is not None:
        return [(_WHOLE, whole)]
    if link is not None and link == text and link != guid:
        sure = guid is not None or one.tells
        claims.append((_LINK_AND_TEXT if sure else _LINK_AND_TITLE, link))
    if guid is not None:
        claims.append((_CONFIRMED if guid in (link, text) else _GUID, guid))
        return claims

    if link is not None and link != text:
        before = known.items[link]
        same_title = one.title_hash is not None and one.title_hash == before.title_hash
        if same_title:
            claims.append((_LINK_AND_TITLE, link))
        elif not one.home and (not has_guid or before.guid_hash is None):
            claims.append((_LINK, link))
    elif link is None and text is not None:
        usable_link = one.link is not None and one.link not in unusable and not one.home
        if one.tells or not (has_guid or usable_link):
            claims.append((_MOVED if has_guid and one.link is not None else _TEXT, text))
    return claims
