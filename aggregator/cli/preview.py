"""The verb that tries a source out: what would become of it, by which rules, and what of its articles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.logs import printable
from aggregator.cli.root import ALL_FAILED, OK, commands, load, print_json, run_to_end
from aggregator.model.document import counted
from aggregator.model.item import ItemChange

if TYPE_CHECKING:
    from aggregator.crawl.preview import Answer, Preview

ARTICLES = 5  # asked for at once: somebody waits, and a publisher pays
_BESIDE = " " * 26  # below an item's time

_ITEM_FIELDS = (
    "uid",
    "guid",
    "title",
    "link",
    "published_at",
    "updated_at",
    "authors",
    "tags",
    "enclosures",
    "image",
    "language",
    "summary_html",
    "content_html",
    "publisher",
)


@commands.command()
@click.argument("source")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Items to print.")
@click.option(
    "--articles",
    type=click.IntRange(min=0),
    default=ARTICLES,
    show_default=True,
    help="Articles to ask for, of the first items printed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def preview(context: click.Context, source: str, limit: int, articles: int, as_json: bool) -> int:
    """Crawl one source and print its items, the rule that made each field, and what was dropped, and why.
    Asks for a few articles where the source has any. Stores nothing."""
    config = load(context)
    chosen = {each.name: each for each in config.sources}.get(source)
    if chosen is None:
        raise click.UsageError(f"no such source: {source}")
    from aggregator import app

    found = run_to_end(app.preview(config, chosen, items=limit, articles=articles))
    if as_json:
        print_json(_json(found, limit))
    else:
        for line in _lines(found, limit):
            click.echo(printable(line))
    return ALL_FAILED if found.outcome.result == "failed" else OK


def _json(found: Preview, limit: int) -> dict[str, Any]:
    from aggregator.cli import rules

    outcome = found.outcome
    return {
        "source": outcome.claim.source.name,
        "result": outcome.result,
        "error": outcome.state.error,
        "meta": outcome.meta,
        "items": [_item_json(found, change) for change in outcome.changes[:limit]],
        "rules": rules.of(outcome.claim.source),
        "dropped": outcome.drops,
    }


def _item_json(found: Preview, change: ItemChange) -> dict[str, Any]:
    from aggregator.cli import rules

    source, answer = found.outcome.claim.source, found.articles.get(change.item.uid)
    item = change.item if answer is None or answer.item is None else answer.item
    article = {
        "url": change.article_url,
        "asked": answer is not None,
        "stage": answer.stage if answer else "",
        "reason": answer.reason if answer else "",
    }
    return {
        **{name: getattr(item, name) for name in _ITEM_FIELDS},
        "rules": {field.name: field.rule for field in rules.fields(source, change, answer)},
        "article": article if source.article is not None else None,
        "notes": change.notes,
    }


def _lines(found: Preview, limit: int) -> Iterator[str]:
    outcome = found.outcome
    error = outcome.state.error
    if outcome.result == "failed" and error is not None:
        yield f"failed: {error.stage}: {error.type}: {error.message}"
        return
    if outcome.meta is not None:
        yield f"{outcome.meta.title or outcome.claim.source.name}  {outcome.meta.link or ''}"
    for change in outcome.changes[:limit]:
        yield from _item_lines(found, change)
    rest = len(outcome.changes) - limit
    if rest > 0:
        yield f"  and {rest} more"
    for drop in outcome.drops:
        yield f"  dropped ({drop.stage}: {drop.reason}) {drop.ref} {drop.detail}".rstrip()
    yield f"{len(outcome.changes)} items, {counted(outcome.drops)} dropped"


def _item_lines(found: Preview, change: ItemChange) -> Iterator[str]:
    from aggregator.cli import rules

    source, answer = found.outcome.claim.source, found.articles.get(change.item.uid)
    when = change.item.published_at or change.item.updated_at
    yield f"  {when.isoformat(timespec='minutes') if when else 'undated':22}  {change.item.title}"
    for field in rules.fields(source, change, answer):
        yield f"{_BESIDE}{field.name}: {field.value}  ({field.rule})"
    if source.article is not None:
        yield f"{_BESIDE}article: {_article(change, answer)}"
    for note in change.notes:
        yield f"{_BESIDE}without: {note.reason} {note.detail}".rstrip()


def _article(change: ItemChange, answer: Answer | None) -> str:
    """Where an item's article was asked for, and why it did not come."""
    if change.article_url is None:
        return "none, for the item has no address"
    if answer is None:
        return f"{change.article_url} was not asked for (see --articles)"
    if answer.item is None:
        return f"{change.article_url} failed: {answer.stage}: {answer.reason}"
    return change.article_url
