"""Sources that are well, some of them on the very servers that misbehave: they must lose nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.hostile.case import feed, item

ITEMS = 10  # in the first edition; the second has two more


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """``host``: "main" is where the cases are, "other" another. ``padding``: of each item's text."""

    number: int
    host: str
    padding: int = 0

    @property
    def name(self) -> str:
        return f"good-{self.number}"

    def titles(self, edition: int) -> list[str]:
        """Newest first."""
        return [f"Good {self.number}-{place}" for place in reversed(range(ITEMS + 2 * (edition - 1)))]

    def document(self, edition: int) -> bytes:
        """Formats take turns. The guid of "Good 0-7" is "good-0-7"."""
        text = "x" * self.padding + " words, and enough of them to tell it apart"
        named = [(title.lower().replace(" ", "-"), title) for title in self.titles(edition)]
        if self.number % 3 == 0:
            return feed(
                *(
                    item(f"<description>{text}</description>", title, guid, f"http://site.example/{guid}")
                    for guid, title in named
                )
            )
        if self.number % 3 == 1:
            entries = (
                f"<entry><id>{guid}</id><title>{title}</title><content>{text}</content></entry>"
                for guid, title in named
            )
            return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Good</title>{''.join(entries)}</feed>".encode()
        items = [{"id": guid, "title": title, "content_text": text} for guid, title in named]
        version = "https://jsonfeed.org/version/1.1"
        return json.dumps({"version": version, "title": "Good", "items": items}).encode()


GOOD = (
    *(Good(number=number, host="main" if number % 2 else "other") for number in range(30)),
    Good(number=30, host="main", padding=120_000),  # read in a worker, as are the worst of the cases
)
