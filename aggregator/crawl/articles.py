"""The articles of new items: requests that the store remembers until they are answered, given up or outlived.

An item of a source with articles is stored at once and published when its article has come, at the
latest after `Article.wait_s`. What a poll leaves over (its limit, a failure, a crash) is asked for by a later
one or between them (`owed`); an article that has come is never asked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from aggregator.crawl.crawler import SLOW, Fetch, Work
from aggregator.crawl.feed import same_origin
from aggregator.crawl.reading import takes_time
from aggregator.crawl.turns import Turns
from aggregator.errors import (
    CrawlError,
    DisallowedError,
    HeldError,
    ParseError,
    RefusedError,
    StatusError,
)
from aggregator.fetch.local import is_local
from aggregator.model.document import Entry, Text
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.item import Item
from aggregator.model.secrecy import without_secrets
from aggregator.model.source import Article, Source
from aggregator.parse import api, fulltext, page
from aggregator.process import raw
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.better import better
from aggregator.process.cadence import RETRY_LIMIT_S
from aggregator.process.sanitize import heavy
from aggregator.store.base import ArticleRequests, Owed

log = structlog.get_logger()

MAX_BYTES = 5 * 1024 * 1024
TRIES = 4
AT_ONCE = 16  # requests for articles, each to another host: polls must not wait for all of them
LEASE = timedelta(minutes=5)  # a request that nobody has answered for by then was lost in a crash
AGAIN = timedelta(minutes=2)  # after a failure, and twice as long after each further one
ACCEPT = "text/html, application/xhtml+xml;q=0.9, application/json;q=0.9, */*;q=0.1"

Report = Callable[[CrawlError | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles:
    """What asking for articles needs. ``context`` gives what admitting needs to know of a source;
    ``go_on`` whether to ask for more after each, or to stop; ``report`` hears of each that was asked for,
    with what went wrong. ``line`` tells which host an address waits for (None: none), ``turns`` whose turn
    it is there. ``asking`` are the sources it is at."""

    store: ArticleRequests
    fetch: Fetch
    work: Work
    now: Callable[[], datetime]
    context: Callable[[Source, datetime], AdmitContext]
    line: Callable[[str], str | None]
    turns: Turns = field(default_factory=lambda: Turns(AT_ONCE))
    go_on: Callable[[], bool] = lambda: True
    report: Report = lambda failure: None
    asking: set[int] = field(default_factory=set)

    async def follow(self, source_id: int, source: Source) -> None:
        """Publish what has waited long enough, and ask for what is owed, one after the other, unless that
        is being done already. Raises StoreError only."""
        article = source.article
        if article is None:
            return
        await self.store.publish_waiting(source_id, self.now() - timedelta(seconds=article.wait_s))
        if source_id in self.asking:
            return
        self.asking.add(source_id)
        try:
            for _ in range(article.limit):
                if not await self._ask(source_id, source, article):
                    break
        finally:
            self.asking.remove(source_id)

    async def _ask(self, source_id: int, source: Source, article: Article) -> bool:
        """Ask for one article; False when there is none, or nothing more is to be asked for."""
        due = await self.store.next_article(source_id, self.now()) if self.go_on() else None
        if due is None:
            return False
        async with self.turns.turn(self.line(due.url)):
            if not self.go_on():
                return False
            # Not taken before, so that the lease covers one request, however long others took.
            request = await self.store.take_article(due, self.now(), lease=LEASE)
            if request is None:
                return True
            try:
                answer = await self._asked(source, request)
            except CrawlError as failure:
                await self._failed(source, request, failure)
                return True
        try:
            item = await self._item(source, article, request, answer)
        except CrawlError as failure:
            await self._failed(source, request, failure)
        else:
            stored = await self.store.save_article(request, item)
            self.report(None)
            event = "article.done" if stored else "article.outdated"
            log.info(event, source=source.name, url=without_secrets(request.url) or request.url)
        return True

    async def _asked(self, source: Source, request: Owed) -> FetchResult:
        if request.tries > TRIES:  # we were killed each time, or had a bug: it may be the page that does it
            raise ParseError(f"was asked for {TRIES} times, and never to an end")
        if is_local(request.url) and not source.local_articles:
            raise RefusedError("files are read only where the configuration names them")
        return await self.fetch(
            FetchRequest(
                url=request.url,
                headers=source.headers if same_origin(request.url, source.url) else {},
                accept=ACCEPT,
                timeout_s=source.timeout_s,
                max_body_bytes=min(source.max_body_bytes, MAX_BYTES),
                retry_after_on=source.retry_after_on,
                retry_after_scope=source.retry_after_scope,
                robots=source.robots,
            )
        )

    async def _item(self, source: Source, article: Article, request: Owed, answer: FetchResult) -> Item:
        """The item with its article, or as its feed gave it where that is better. Raises CrawlError."""
        text = await self._text(article, answer)
        context = self.context(source, self.now())
        before = raw.unpacked(request.raw)
        apart = heavy(text.value) or heavy(before.decode())
        size = SLOW if apart else len(text.value) + len(before)
        item = await self.work(size, _admitted, text, request, article.content is None, context)
        if item is None:
            raise ParseError("the article holds nothing that can be shown")
        return item

    async def _text(self, article: Article, result: FetchResult) -> Text:
        content_type = result.headers.get("content-type")
        if article.content is None:
            text = await self.work(
                SLOW, fulltext.extract, result.body, content_type, result.url, article.remove
            )
            if text is None:
                raise ParseError("no article was found in the page")
            return text
        arguments: tuple[object, ...]
        read: Callable[..., Text | None]
        if result.body.lstrip()[:1] in (b"{", b"["):
            read = api.article
            arguments = (result.body, content_type, article.content, result.url, article.remove)
        else:
            read = page.article
            arguments = (result.body, content_type, result.url, article.content, article.remove)
        size = SLOW if takes_time(result.body) else len(result.body)
        text = await self.work(size, read, *arguments)
        if text is None:
            raise ParseError(f"the article has nothing at {article.content}")
        return text

    async def _failed(self, source: Source, request: Owed, failure: CrawlError) -> None:
        gone = isinstance(failure, StatusError) and failure.status in (404, 410)
        held = isinstance(failure, HeldError)
        over = gone or not failure.transient or (request.tries >= TRIES and not held)
        again = None if over else self.now() + again_after(request.tries, failure)
        self.report(failure)
        log.info("article.failed", source=source.name, stage=failure.stage, error=str(failure), over=over)
        reason = "robots" if isinstance(failure, DisallowedError) else "article"
        await self.store.article_failed(
            request,
            stage=failure.stage,
            reason=reason,
            detail=str(failure),
            again_at=again,
            counted=not held,
        )


def again_after(tries: int, failure: CrawlError) -> timedelta:
    """How long not to ask again after the try with this number: twice as long each time, and as long as
    the server wishes."""
    if isinstance(failure, HeldError):  # nobody was asked
        return timedelta(seconds=min(failure.retry_after_s, RETRY_LIMIT_S))
    wish_s = failure.retry_after_s if isinstance(failure, StatusError) else None
    doubled = AGAIN * float(2 ** (tries - 1))
    return max(doubled, timedelta(seconds=min(wish_s or 0.0, RETRY_LIMIT_S)))


def with_article(entry: Entry, text: Text) -> Entry:
    """``entry`` with its article as content; a text that it had becomes its summary if it has none."""
    summary = entry.summary or entry.content
    return replace(entry, content=text, summary=summary)


def _admitted(text: Text, request: Owed, found_out: bool, context: AdmitContext) -> Item | None:
    """In a worker where the text is long. ``found_out``: nobody said where in the page the text is, so
    that it may be worse than the feed's."""
    entry = raw.entry(request.raw)
    if not found_out or better(entry.content or entry.summary, text) is text:
        entry = with_article(entry, text)
    found = admit(entry, uid=request.uid, context=context, known=request.known)
    return found if isinstance(found, Item) else None
