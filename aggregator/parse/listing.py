"""What pages and APIs have in common: a listing, and the moments that its records name.

Neither says what a feed does, so both are told by the configuration where things are, and both write
times for people: without a zone, or relative to the moment at which they are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator.model.document import Document, Drop, Entry, FeedDate, Text
from aggregator.parse.dates import parse_date
from aggregator.parse.decode import Decoded
from aggregator.parse.elements import is_http


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a listing. ``next_url`` is the absolute address of the following one, None where there
    is none."""

    document: Document
    next_url: str | None = None


def listed(
    format: str,
    decoded: Decoded,
    found: Iterable[Entry | Drop],
    *,
    url: str,
    language: str | None,
    title: Text | None = None,
    following: str | None,
) -> Listing:
    """The listing at ``url``: what was ``found`` in its text, record by record, and the address that it
    names for the ``following`` page."""
    entries: list[Entry] = []
    drops: list[Drop] = []
    for one in found:
        if isinstance(one, Entry):
            entries.append(one)
        else:
            drops.append(one)
    document = Document(
        format=format,
        tier="repaired" if decoded.damaged else "strict",
        encoding=decoded.encoding,
        title=title,
        link=url,
        language=language,
        entries=tuple(entries),
        drops=tuple(drops),
    )
    return Listing(document=document, next_url=_other_page(following, url))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Reads dates as seen from ``base``, the aware "now" of the place where they were written."""

    base: datetime
    languages: tuple[str, ...]

    def read(self, text: str | None) -> FeedDate | None:
        """The date in a text such as "2022-05-30 08:00" or "3小时前"; None where none is certain."""
        return parse_date(text, base=self.base, languages=self.languages)


def dates(now: datetime, timezone: str | None, *written_in: str | None) -> Dates:
    """A reader of dates. ``timezone`` is an IANA name, UTC where it is None or unknown: "yesterday" is
    another day in Shanghai. ``written_in`` are language tags, the likeliest first."""
    primary = (tag.replace("_", "-").partition("-")[0].lower() for tag in written_in if tag)
    languages = tuple(dict.fromkeys((*primary, "zh", "en")))
    return Dates(base=now.astimezone(_zone(timezone)), languages=languages)


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Asia" is a directory
        return UTC


def _other_page(found: str | None, url: str) -> str | None:
    """The address found for the page that follows ``url``, None where it is the same page or none."""
    if found is None or not is_http(found):
        return None
    found = found.partition("#")[0]
    return None if found == url.partition("#")[0] else found


def dropped(reason: str, number: int, detail: str, *refs: str | None) -> Drop:
    """A record left out. ``number`` counts from 1; the first of ``refs`` there is recognises it."""
    ref = next((ref for ref in refs if ref), "")
    return Drop(stage="parse", reason=reason, ref=ref[:200], detail=f"record {number}: {detail}")
