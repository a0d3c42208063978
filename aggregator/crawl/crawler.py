"""The crawler protocol, and how a source's ``kind`` finds its crawler.

A crawler is one async function from a `CrawlContext` to a `Crawled`. Built-in kinds have the same
signature as anybody else's: ``kind = "my_package.module:function"`` names any importable one, so
Python's import is the whole plug-in system.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from aggregator.model.document import Document
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.source import Source, SourceState, Validators

T = TypeVar("T")
SLOW = sys.maxsize
"""A size for `Work`: what is slow or not trusted whatever it reads, and so never runs in our own process."""
Fetch = Callable[[FetchRequest], Awaitable[FetchResult]]


class Work(Protocol):
    """Runs ``function(*arguments)``, a picklable one that is busy with ``size`` bytes of a stranger's,
    where it keeps nobody waiting: here in turn, or in a process that can be killed. Raises what it
    raises, and ParseError when the process was killed."""

    async def __call__(self, size: int, function: Callable[..., T], *arguments: object) -> T: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlContext:
    """What a crawler may use. ``fetch`` asks politely and raises FetchError; ``work`` is for reading what
    it gives."""

    source: Source
    state: SourceState
    now: datetime
    fetch: Fetch
    work: Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The bytes of a feed document, still to be read, with the Content-Type that they came with."""

    data: bytes
    content_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """What a crawler found: a ``document`` that it made, or the ``body`` of a feed for the engine to read.
    Neither is there when there is nothing to read: the server said 304 (``not_modified``), or the
    body is the one that was read last time. ``max_age_s`` is the server's word on how long the answer
    stays fresh. ``permanent_url`` is set when every redirect on the way was a permanent one."""

    url: str
    status: int
    document: Document | None = None
    body: Body | None = None
    not_modified: bool = False
    validators: Validators | None = None
    body_sha256: bytes | None = None
    max_age_s: float | None = None
    permanent_url: str | None = None


Crawler = Callable[[CrawlContext], Awaitable[Crawled]]


# By name, so that a process without pages never loads what reads them.
_BUILT_IN = {
    "feed": "aggregator.crawl.feed:crawl",
    "page": "aggregator.crawl.listing:crawl_page",
    "api": "aggregator.crawl.listing:crawl_api",
}


def find(kind: str) -> Crawler:
    """The crawler for ``kind``. Raises LookupError with a sentence for the operator."""
    module_name, _, function_name = _BUILT_IN.get(kind, kind).partition(":")
    try:
        crawler = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f'cannot import the crawler "{kind}": {error}') from error
    if not callable(crawler):
        raise LookupError(f'"{kind}" is not a function')
    return crawler  # type: ignore[no-any-return]
