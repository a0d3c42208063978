"""Crawl one source. The daemon's tick, the one-shot refresh and ``preview`` all come through here.

``except Exception`` stands in this file and nowhere else: whatever one source makes us trip over is
recorded against that source, with its traceback in the log, and never reaches another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog
from yarl import URL

from aggregator.crawl import again, transition
from aggregator.crawl.crawler import CrawlContext, Crawler, Fetch
from aggregator.crawl.network import HOSTS, Network
from aggregator.crawl.seats import Seat, Seats
from aggregator.errors import (
    CrawlError,
    FetchError,
    HeldError,
    NetworkError,
    ParseError,
    StatusError,
    StoreError,
)
from aggregator.fetch.local import is_local
from aggregator.model.document import counted
from aggregator.model.source import Claim, Outcome, Saved, Source
from aggregator.store.base import Outdated, Owing, Recleaned, Store

if TYPE_CHECKING:  # read with the first document, see `desk`
    from aggregator.crawl.articles import Articles
    from aggregator.crawl.desk import Desk

log = structlog.get_logger()

T = TypeVar("T")


class BugError(CrawlError):
    """Something of ours (or of a third party's crawler) broke: not the source's fault, yet pinned to it."""

    stage = "bug"
    transient = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What crawling needs. ``crawlers`` maps every kind in use to its crawler; ``now`` is the clock;
    ``desk`` gives the one place where documents are read, made when the first one is;
    ``report`` hears of every finished crawl; ``articles`` gives what asks for articles, where something
    remembers them; ``sources`` is how many there are; ``network`` knows whether ours is down."""

    store: Store | None
    fetch: Fetch
    seats: Seats
    desk: Callable[[], Desk]
    crawlers: dict[str, Crawler]
    now: Callable[[], datetime]
    min_every_s: float
    report: Callable[[Outcome, Saved], None] = lambda outcome, saved: None
    articles: Callable[[], Articles] | None = None
    sources: int = 1
    network: Network = field(default_factory=Network)

    async def crawl(self, claim: Claim) -> tuple[Outcome, Saved]:
        """Crawl a leased source and commit the outcome. Raises StoreError only, and CancelledError;
        a cancelled crawl stores nothing and the source is simply due again."""
        with self.seats.seat(claim.source_id) as seat:
            outcome, saved = await self._crawl(claim, seat)
        self._log(outcome, saved)
        self.report(outcome, saved)
        return outcome, saved

    async def poll(self, claim: Claim) -> Owing | None:
        """`crawl`, and the source if it is now time to ask for the articles that its items wait for: also
        when this poll brought no news, but not when its server just failed us."""
        outcome, saved = await self.crawl(claim)
        if claim.source.article is None or self.articles is None or saved.lost:
            return None
        if outcome.result in ("failed", "held"):
            return None
        return Owing(source_id=claim.source_id, source=claim.source)

    async def follow(self, owing: Owing) -> None:
        """Ask for the articles that the source's items wait for. Raises StoreError only, and
        CancelledError."""
        assert self.articles is not None
        try:
            await self.articles().follow(owing.source_id, owing.source)
        except StoreError:
            raise
        except Exception as error:
            self._bug(owing.source, error)

    async def clean_again(self) -> int:
        """Clean again the stored items that older rules have cleaned; how many changed. Raises StoreError
        only, and CancelledError."""
        assert self.store is not None
        return await again.clean_again(self.store, self._reclean)

    async def _reclean(self, one: Outdated) -> Recleaned | None:
        try:
            return await again.reclean(one, partial(self._work, None))
        except StoreError:
            raise
        except Exception:
            log.exception("items.bug", item=one.item.uid)
            return None

    async def _crawl(self, claim: Claim, seat: Seat) -> tuple[Outcome, Saved]:
        assert self.store is not None
        started = time.monotonic()
        outcome = await self._outcome(claim, seat)
        outcome = replace(outcome, elapsed_s=time.monotonic() - started)
        try:
            return outcome, await self.store.save(outcome)
        except StoreError:
            raise
        except Exception as error:
            outcome = self._failed(claim, self._bug(claim.source, error))
            return outcome, await self.store.save(outcome)

    async def read(self, claim: Claim) -> Outcome:
        """Everything but the commit; never raises but for CancelledError and StoreError."""
        with self.seats.seat(claim.source_id) as seat:
            return await self._outcome(claim, seat)

    async def _outcome(self, claim: Claim, seat: Seat) -> Outcome:
        try:
            return await self._read(claim, seat)
        except CrawlError as error:
            return self._failed(claim, error)
        except StoreError:
            raise
        except Exception as error:
            return self._failed(claim, self._bug(claim.source, error))

    def _failed(self, claim: Claim, failure: CrawlError) -> Outcome:
        source, state, now = claim.source, claim.state, self.now()
        if isinstance(failure, HeldError):
            return Outcome(claim=claim, result="held", state=transition.held(source, state, failure, now=now))
        if self._is_our_own(source, failure):
            after = transition.unheard(source, state, failure, sources=self.sources, now=now)
        else:
            after = transition.failed(source, state, failure, min_every_s=self.min_every_s, now=now)
        return Outcome(
            claim=claim,
            result="failed",
            state=after,
            status=failure.status if isinstance(failure, StatusError) else None,
        )

    def _is_our_own(self, source: Source, failure: CrawlError) -> bool:
        """Whether it is our own network that failed."""
        if is_local(source.url):
            return False
        if isinstance(failure, ParseError) or (isinstance(failure, FetchError) and failure.reached):
            self._answered()
        if not isinstance(failure, NetworkError) or failure.reached:
            return False
        before = self.network.is_ours(time.monotonic())
        found = self.network.silent(URL(source.url).host or "", time.monotonic())
        if found and not before:
            log.warning("network.down", hosts=HOSTS)
        return found

    def _answered(self) -> None:
        if self.network.is_ours(time.monotonic()):
            log.info("network.up")
        self.network.answered()

    def _bug(self, source: Source, error: Exception) -> BugError:
        log.exception("crawl.bug", source=source.name)
        return BugError(f"{type(error).__name__}: {error}")

    async def _work(self, owner: int | None, size: int, function: Callable[..., T], *arguments: object) -> T:
        return await self.desk().work(size, function, *arguments, owner=owner)

    async def _read(self, claim: Claim, seat: Seat) -> Outcome:
        source, state = claim.source, claim.state
        context = CrawlContext(
            source=source,
            state=state,
            now=self.now(),
            fetch=self.fetch,
            work=partial(self._work, claim.source_id),
        )
        crawled = await self.crawlers[source.kind](context)
        if not is_local(source.url):
            self._answered()
        if crawled.body is None and crawled.document is None:
            after = transition.succeeded(
                source,
                state,
                crawled,
                None,
                found_new=False,
                found_known=True,
                min_every_s=self.min_every_s,
                now=self.now(),
            )
            result = "not_modified" if crawled.not_modified else "unchanged"
            return Outcome(claim=claim, result=result, state=after, status=crawled.status)
        document, meta, taken = await self.desk().take(claim, seat, crawled)
        after = transition.succeeded(
            source,
            state,
            crawled,
            document,
            found_new=any(change.item_id is None for change in taken.changes),
            found_known=taken.unchanged > 0 or any(change.item_id is not None for change in taken.changes),
            min_every_s=self.min_every_s,
            now=self.now(),
        )
        return Outcome(
            claim=claim,
            result="fetched",
            state=after,
            meta=meta,
            changes=taken.changes,
            shared_aliases=taken.shared,
            unchanged=taken.unchanged,
            drops=taken.drops,
            status=crawled.status,
        )

    def _log(self, outcome: Outcome, saved: Saved) -> None:
        name, error = outcome.claim.source.name, outcome.state.error
        if saved.lost:
            log.warning("crawl.lease_lost", source=name)
        elif saved.error:
            log.error("crawl.not_stored", source=name, stage="store", error=saved.error)
        elif outcome.result == "held":
            until = outcome.state.hold_until_at
            log.info("crawl.held", source=name, until=until and until.isoformat(timespec="seconds"))
        elif outcome.result == "failed" and error is not None:
            log.warning(
                "crawl.failed",
                source=name,
                stage=error.stage,
                error=error.type,
                message=error.message,
                failures=outcome.state.failures,
                elapsed_s=round(outcome.elapsed_s, 3),
            )
        else:
            log.info(
                "crawl.done",
                source=name,
                result=outcome.result,
                new=saved.new,
                updated=saved.updated,
                dropped=counted(outcome.drops) + counted(saved.drops),
                elapsed_s=round(outcome.elapsed_s, 3),
            )
