"""The built-in crawlers for listings: HTML pages (kind "page") and APIs that answer in JSON (kind "api").

Both ask for the listing conditionally, have it read by their own reader, and go on to further pages as
configured. A listing whose first page is what it was last time is not read: news stands in front.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from aggregator.crawl.bounds import bounded
from aggregator.crawl.crawler import SLOW, CrawlContext, Crawled
from aggregator.crawl.feed import same_origin
from aggregator.crawl.reading import takes_time
from aggregator.errors import CrawlError, FetchError, NetworkError, RefusedError
from aggregator.model.document import Drop, Entry
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.source import Select
from aggregator.parse import api, page
from aggregator.parse.listing import Listing
from aggregator.process.cadence import freshness_s

MAX_BYTES = 5 * 1024 * 1024  # of a page, unless the source allows less
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
ACCEPT_API = "application/json, */*;q=0.1"


class Read(Protocol):
    """Bytes of a listing to its entries; see `parse.page.listing` and `parse.api.listing`."""

    def __call__(
        self,
        data: bytes,
        content_type: str | None,
        url: str,
        select: Select,
        *,
        now: datetime,
        timezone: str | None,
        language: str | None,
        next: str | None,
    ) -> Listing: ...


async def crawl_page(context: CrawlContext) -> Crawled:
    """An HTML page with a list of items. It is made for people, so robots.txt is asked."""
    return await _crawl(context, page.listing, ACCEPT_PAGE, robots=context.source.robots)


async def crawl_api(context: CrawlContext) -> Crawled:
    """An API's listing in JSON, made for programs."""
    return await _crawl(context, api.listing, ACCEPT_API, robots=False)


async def _crawl(context: CrawlContext, read: Read, accept: str, *, robots: bool) -> Crawled:
    source, state = context.source, context.state
    assert source.select is not None, "the configuration asks for it"
    url = state.adopted_url or _first_url(context)
    ask = partial(_request, context, accept=accept, robots=robots)
    first = await context.fetch(ask(url, source.timeout_s, conditional=True))
    crawled = Crawled(
        url=first.url,
        status=first.status,
        not_modified=first.not_modified,
        validators=first.validators,
        body_sha256=state.body_sha256,
        max_age_s=freshness_s(first.headers, context.now),
        permanent_url=first.permanent_url,
    )
    if first.not_modified:
        return crawled
    digest = hashlib.sha256(first.body).digest()
    if digest == state.body_sha256:
        return crawled
    listing = await _listing(context, read, first)
    left_s = source.timeout_s - first.elapsed_s
    entries, drops, whole = await _others(context, read, ask, (url, first.url), listing, left_s)
    document = replace(
        listing.document,
        entries=(*listing.document.entries, *entries),
        drops=(*listing.document.drops, *drops),
    )
    if not whole:  # what is missing is to be asked for again, so nothing may vouch for this answer
        return replace(crawled, document=document, validators=None, body_sha256=None)
    return replace(crawled, document=document, body_sha256=digest)


async def _others(
    context: CrawlContext,
    read: Read,
    ask: Callable[..., FetchRequest],
    first_urls: tuple[str, str],
    listing: Listing,
    left_s: float,
) -> tuple[list[Entry], list[Drop], bool]:
    """Entries and drops of the pages behind the first, and whether all could be read that may be. A page
    that cannot is noted; those before it count. ``first_urls`` is where the first was asked for and where
    its redirects led; on no other server is a page asked for, and the list that we may read ends there.
    ``left_s`` is what the first left of the poll's time; it is the servers' alone, our own waits for a
    turn are not counted."""
    entries: list[Entry] = []
    drops: list[Drop] = []
    seen = set(first_urls)
    for number in range(1, context.source.paging.limit):
        url = _next_url(context, first_urls[0], number, listing)
        if url is None or url in seen or not listing.document.entries:
            break
        seen.add(url)
        if not any(same_origin(url, first_url) for first_url in first_urls):
            drops.append(_missing(url, RefusedError("the next page is on another server")))
            break
        try:
            if left_s <= 0:
                raise NetworkError(f"no time is left: all pages took {context.source.timeout_s:g} s")
            result = await context.fetch(ask(url, left_s, conditional=False))
            left_s -= result.elapsed_s
            listing = await _listing(context, read, result)
        except CrawlError as error:
            drops.append(_missing(url, error))
            return entries, drops, False
        entries += listing.document.entries
        drops += listing.document.drops
    return entries, drops, True


def _missing(url: str, error: CrawlError) -> Drop:
    stage = "fetch" if isinstance(error, FetchError) else "parse"
    return Drop(stage=stage, reason="page", ref=url[:200], detail=str(error)[:500])


async def _listing(context: CrawlContext, read: Read, result: FetchResult) -> Listing:
    source = context.source
    reading = partial(
        read, now=context.now, timezone=source.timezone, language=source.language, next=source.paging.next
    )
    content_type = result.headers.get("content-type")
    size = SLOW if takes_time(result.body) else len(result.body)
    return await context.work(size, _read, reading, result.body, content_type, result.url, source.select)


def _read(reading: Callable[..., Listing], *arguments: object) -> Listing:
    """Here or in a worker: a listing, bounded where it is read."""
    listing = reading(*arguments)
    return replace(listing, document=bounded(listing.document))


def _request(
    context: CrawlContext, url: str, timeout_s: float, *, accept: str, robots: bool, conditional: bool
) -> FetchRequest:
    source = context.source
    return FetchRequest(
        url=url,
        validators=context.state.validators if conditional else None,
        # The operator's headers may be secrets, and were given for the configured server alone.
        headers=source.headers if same_origin(url, source.url) else {},
        accept=accept,
        body=source.body,
        timeout_s=timeout_s,
        max_body_bytes=min(source.max_body_bytes, MAX_BYTES),
        retry_after_on=source.retry_after_on,
        retry_after_scope=source.retry_after_scope,
        robots=robots,
    )


def _first_url(context: CrawlContext) -> str:
    paging = context.source.paging
    if paging.parameter is None:
        return context.source.url
    return with_parameter(context.source.url, paging.parameter, paging.start)


def _next_url(context: CrawlContext, first_url: str, number: int, listing: Listing) -> str | None:
    """The address of the page that follows; ``number`` counts from 1 for the second. ``first_url`` is where
    the first was asked for: the configured address, or the one that it has moved to."""
    paging = context.source.paging
    if paging.parameter is not None:
        return with_parameter(first_url, paging.parameter, paging.start + number * paging.step)
    return listing.next_url


def with_parameter(url: str, name: str, value: int) -> str:
    """``url`` with the query parameter set, in its old place or behind the others, which stay as they are."""
    parts = urlsplit(url)
    pairs = parts.query.split("&") if parts.query else []
    places = [place for place, pair in enumerate(pairs) if pair.partition("=")[0] == name]
    if places:
        pairs[places[0]] = f"{name}={value}"
    else:
        pairs.append(f"{name}={value}")
    return urlunsplit(parts._replace(query="&".join(pairs)))
