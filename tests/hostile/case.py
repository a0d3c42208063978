"""What a hostile case is: how its server answers, and what is to come of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.origin import Origin, RawHandler, Request, Response
from tests.program import rss

Outcome = Mapping[str, Any]

RSS = "<rss version='2.0'><channel><title>Hostile</title><link>http://site.example/</link>"
END = "</channel></rss>"
WELL = rss(("well-1", "One"), ("well-2", "Two"))  # what every server said before it turned
TURNED = rss(("turned-1", "Three"), ("turned-2", "Four"))  # what is in an answer that is otherwise hostile


@dataclass(frozen=True, slots=True)
class Places:
    """Where a case may point to. ``own`` is its own address, ``host`` its server's; ``inside`` is a server
    on a private address that nothing may ever reach, ``other`` one on another host that may be asked."""

    own: str
    host: str
    inside: str
    other: str

    @property
    def inside_port(self) -> str:
        return self.inside.rpartition(":")[2]


Script = Callable[[Places], Response | RawHandler]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What `crawl.told` says of a poll: the fields given here, ``error`` and ``message`` as patterns."""

    result: str
    stage: str | None = None
    error: str | None = None
    message: str = ""
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] | None = None  # None: not looked at

    def meets(self, told: Outcome) -> None:
        said = {name: told[name] for name in ("result", "stage", "new", "updated", "unchanged", "drops")}
        wanted = {name: getattr(self, name) for name in said}
        assert (said, told["message"]) == (wanted, told["message"])
        assert re.fullmatch(self.error or "", told["error"] or "")
        assert re.search(self.message, told["message"] or "")
        if self.notes is not None:
            assert told["notes"] == self.notes


def fails(stage: str, error: str, message: str = "") -> Expect:
    """The poll is a failure of this stage and class, told in such words."""
    return Expect(result="failed", stage=stage, error=error, message=message)


def reads(
    new: int,
    drops: Mapping[str, int] | None = None,
    *,
    notes: Mapping[str, int] | None = None,
    updated: int = 0,
    unchanged: int = 0,
) -> Expect:
    """The document is read: so many new items, so many entries left out, by reason."""
    return Expect(
        result="fetched", new=new, updated=updated, unchanged=unchanged, drops=drops or {}, notes=notes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to misbehave. A source meets it at its first poll, and another (``turned``) after a poll at
    which all was well (``before``); ``later`` is what is to come of that one, where that is something else.

    ``at`` is an address to be configured in place of the server's. ``apart``: on a host of its own.
    ``keys`` are the source's. ``titles``: those published afterwards, of the first source.
    """

    name: str
    answer: Script | bytes | str | None = None
    expect: Expect
    later: Expect | None = None
    before: bytes = WELL
    turned: bool = True
    at: Callable[[Places], str] | None = None
    apart: bool = False
    keys: Mapping[str, Any] = field(default_factory=dict)
    titles: tuple[str, ...] | None = None

    def script(self, origin: Origin, path: str, places: Places) -> None:
        """Makes the server misbehave."""
        match self.answer:
            case None:
                return
            case str() | bytes():
                origin.serve(path, self.answer)
            case script:
                made = script(places)
                if isinstance(made, Response):
                    origin.serve(path, made)
                else:
                    origin.raw(path, made)


def says(head: str, *body: bytes) -> Script:
    """Raw octets as the answer: a head whose lines end in "\\n" here, and pieces of body."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        # At once: whether octets that are too many come with the answer or after it makes a difference.
        writer.write(head.encode("latin-1").replace(b"\n", b"\r\n") + b"".join(body))
        await writer.drain()

    return lambda places: answer


def served(body: bytes | str = TURNED, **fields: Any) -> Script:
    """An ordinary answer, with fields of `Response`."""
    data = body.encode() if isinstance(body, str) else body
    return lambda places: Response(body=data, **fields)


def item(inside: str = "", title: str = "T", guid: str = "", link: str = "http://site.example/1") -> str:
    """An RSS item of which ``inside`` is more."""
    named = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<item><title>{title}</title><link>{link}</link>{named}{inside}</item>"


def feed(*items: str, head: str = "") -> bytes:
    """An RSS document of these items."""
    return f"{RSS}{head}{''.join(items)}{END}".encode()
