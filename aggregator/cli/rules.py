"""For `preview`: what an item's fields hold, and which rule of the configuration made each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from aggregator.model.item import Item
from aggregator.model.source import Source

SHOWN_CHARACTERS = 70
_DEFAULTS = {
    "page": {"title": "the link's text", "link": "the first link"},
    "api": {},
}


def of(source: Source) -> dict[str, str]:
    """Field to rule, in the words of feeds.toml; without those that a feed fills by itself."""
    found: dict[str, str] = {}
    if source.select is not None:
        said = {name: rule for name, rule in asdict(source.select).items() if rule is not None}
        items = said.pop("items")
        found = {name: f"in {items}: {rule}" for name, rule in _DEFAULTS[source.kind].items()}
        found |= {name: f"select.{name}: {rule}" for name, rule in said.items() if name != "article"}
    found.pop("publisher", None)
    found["publisher"] = "publisher: " + ", ".join(
        f"select.publisher: {source.select.publisher}"
        if word == "select" and source.select is not None and source.select.publisher
        else word
        for word in source.publisher
    )
    if source.article is not None:
        found["content"] = f"article.content: {source.article.content}, asked for once the item is stored"
    if source.clean is not None:
        taken = [name for name, value in asdict(source.clean).items() if value]
        found["clean"] = "clean: " + ", ".join(taken)
    return found


def values(item: Item) -> Iterator[tuple[str, str]]:
    """What stands in an item, field by field and shortly."""
    yield "title", _short(item.title)
    yield "link", item.link or "none"
    for name, at in (("published", item.published_at), ("updated", item.updated_at)):
        if at is not None:
            yield name, at.isoformat(timespec="seconds")
    if item.guid:
        yield "id", _short(item.guid)
    if item.publisher is not None:
        yield "publisher", f"{item.publisher.name} ({item.publisher.slug})"
    if item.authors:
        yield "author", _short(", ".join(one.name or one.email for one in item.authors))
    if item.tags:
        yield "tags", _short(", ".join(one.term for one in item.tags))
    for name, html in (("summary", item.summary_html), ("content", item.content_html)):
        if html:
            yield name, f"{len(html)} characters, {_short(html)}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
