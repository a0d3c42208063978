"""The articles of a preview: asked for as every crawl asks, remembered for as long as the preview runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model.item import Item, ItemChange, KnownItem
from aggregator.model.source import Outcome, Source
from aggregator.store.base import Due, Owed, Owing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one article: the ``item`` that it makes, or the stage and the reason of its failure."""

    item: Item | None = None
    stage: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A crawl that was not stored, and by the uid of their items what came of the articles asked for."""

    outcome: Outcome
    articles: Mapping[str, Answer]


class Asked:
    """The articles that a preview asks for, each once, and their ``answers`` (`base.ArticleRequests`)."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self._owed: deque[Owed] = deque()

    def owe(self, changes: Iterable[ItemChange]) -> None:
        """Have the articles of these new items asked for, in this order."""
        for change in changes:
            if change.article_url is not None:
                self._owed.append(_owed(change, change.article_url))

    async def publish_waiting(self, source_id: int, before: datetime) -> int:
        return 0

    async def next_article(self, source_id: int, now: datetime) -> Due | None:
        if not self._owed:
            return None
        return Due(request_id=0, source_id=source_id, url=self._owed[0].url)

    async def take_article(self, due: Due, now: datetime, *, lease: timedelta) -> Owed | None:
        taken = self._owed.popleft()
        # Until there is an answer: what trips over a bug of ours gives none.
        self.answers[taken.uid] = Answer(stage="bug", reason="the log has it")
        return taken

    async def save_article(self, owed: Owed, item: Item) -> bool:
        self.answers[owed.uid] = Answer(item=item)
        return True

    async def article_failed(
        self,
        owed: Owed,
        *,
        stage: str,
        reason: str,
        detail: str,
        again_at: datetime | None,
        counted: bool = True,
    ) -> None:
        self.answers[owed.uid] = Answer(stage=stage, reason=detail)


def bounded(source_id: int, source: Source, articles: int) -> Owing:
    """``source`` with so many articles a poll, whatever it has configured."""
    article = replace(source.article, limit=articles) if source.article else None
    return Owing(source_id=source_id, source=replace(source, article=article))


def _owed(change: ItemChange, url: str) -> Owed:
    """The request for the article of a new item, as if it had been stored."""
    item = change.item
    known = KnownItem(
        item_id=0,
        uid=item.uid,
        guid_hash=change.guid_hash,
        title_hash=change.title_hash,
        entry_digest=change.entry_digest,
        digest=item.digest,
        first_seen_at=item.first_seen_at,
        sorted_at=item.sorted_at,
        updated_at=item.updated_at,
        silent_edits=0,
        pruned=False,
    )
    return Owed(request_id=0, source_id=0, uid=item.uid, url=url, tries=1, raw=change.raw, known=known)
