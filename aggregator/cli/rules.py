"""For `preview`: what an item's fields hold, and which rule of the configuration made each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from aggregator.crawl.preview import Answer
from aggregator.model.document import Entry, Text
from aggregator.model.item import Item, ItemChange
from aggregator.model.source import Source
from aggregator.process import raw
from aggregator.process.publisher import name_of
from aggregator.process.text import visible_text

SHOWN_CHARACTERS = 70
SHOWN_OF_ARTICLES = 300
_DEFAULTS = {
    "page": {"title": "the link's text", "link": "the first link"},
    "api": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One line of an item: what stands in the field, shortly, and what made it."""

    name: str
    value: str
    rule: str


def of(source: Source) -> dict[str, str]:
    """Field to rule, in the words of feeds.toml; without those that a feed fills by itself."""
    found: dict[str, str] = {}
    if source.select is not None:
        said = {name: rule for name, rule in asdict(source.select).items() if rule is not None}
        items = said.pop("items")
        found = {name: f"in {items}: {rule}" for name, rule in _DEFAULTS[source.kind].items()}
        found |= {name: f"select.{name}: {rule}" for name, rule in said.items() if name != "article"}
    found["publisher"] = "publisher: " + ", ".join(
        _publisher_rule(source, word)
        for word in source.publisher
        if word != "select" or source.select is None or source.select.publisher
    )
    if source.article is not None:
        found["article"] = _article_rule(source)
    if source.clean is not None:
        found["clean"] = _clean_rule(source)
    return found


def fields(source: Source, change: ItemChange, answer: Answer | None) -> list[Field]:
    """The fields of a new item, as it is with its article where that has come."""
    return list(_fields(source, change, answer))


def _fields(source: Source, change: ItemChange, answer: Answer | None) -> Iterator[Field]:
    entry, before = raw.entry(change.raw), change.item
    item = before if answer is None or answer.item is None else answer.item
    yield Field(name="title", value=_short(item.title), rule=_title_rule(source, entry, item))
    if item.link:
        yield Field(name="link", value=item.link, rule=_link_rule(source, entry))
    dates = (("published", item.published_at), ("updated", item.updated_at))
    plain = (
        *((name, at.isoformat(timespec="seconds")) for name, at in dates if at is not None),
        ("id", item.guid or ""),
        ("author", ", ".join(one.name or one.email for one in item.authors)),
        ("tags", ", ".join(one.term for one in item.tags)),
        ("image", item.image.url if item.image else ""),
        ("enclosures", ", ".join(one.url for one in item.enclosures)),
    )
    for name, value in plain:
        if value:
            yield Field(name=name, value=_short(value), rule=_own(source, name))
    if item.publisher is not None:
        value = f"{item.publisher.name} ({item.publisher.slug})"
        yield Field(name="publisher", value=value, rule=_publisher_of(source, entry, item))
    yield from _texts(source, entry, before, item)


def _texts(source: Source, entry: Entry, before: Item, item: Item) -> Iterator[Field]:
    """Summary and content. An item's only text is its content, whatever the source calls it."""
    asked = item is not before
    replaced = asked and not (source.full_text and item.content_html == before.content_html)
    if item.summary_html:
        moved = replaced and not _is_there(entry.summary)  # to make room for the article
        rule = _own(source, "content" if moved else "summary")
        yield _text(source, "summary", item.summary_html, rule, SHOWN_CHARACTERS)
    if not item.content_html:
        return
    if replaced:
        rule = _article_rule(source)
    else:
        rule = _own(source, "content" if before.summary_html or _is_there(entry.content) else "summary")
        rule += ", for the page says no more" if asked else ""
    yield _text(source, "content", item.content_html, rule, SHOWN_OF_ARTICLES if asked else SHOWN_CHARACTERS)


def _text(source: Source, name: str, html: str, rule: str, limit: int) -> Field:
    cleaned = f"; {_clean_rule(source)}" if source.clean is not None else ""
    value = f"{len(html)} characters, {_short(visible_text(html) or html, limit)}"
    return Field(name=name, value=value, rule=rule + cleaned)


def _is_there(text: Text | None) -> bool:
    return text is not None and bool(text.value.strip())


def _own(source: Source, name: str) -> str:
    """The rule for a field that the source's document has."""
    by = "feed" if source.kind == "feed" else "crawler"
    return of(source)[name] if source.select is not None else f"the {by}'s {name}"


def _title_rule(source: Source, entry: Entry, item: Item) -> str:
    if _is_there(entry.title):
        return _own(source, "title")
    return "the text's beginning" if item.content_html else "the address's last part"


def _link_rule(source: Source, entry: Entry) -> str:
    if entry.link:
        return _own(source, "link")
    return f"{_own(source, 'id')}, a permalink" if entry.guid_is_permalink else _own(source, "comments")


def _publisher_of(source: Source, entry: Entry, item: Item) -> str:
    """The word of the source's ``publisher`` that found this one's name."""
    read = replace(entry, content=Text(value=item.content_html, type="html"))
    words = (word for word in source.publisher if name_of(read, (word,)) or name_of(entry, (word,)))
    return _publisher_rule(source, next(words, "select"))


def _publisher_rule(source: Source, word: str) -> str:
    if word == "select" and source.select is not None and source.select.publisher:
        return f"select.publisher: {source.select.publisher}"
    return word


def _article_rule(source: Source) -> str:
    assert source.article is not None
    rule = "full text" if source.full_text else f"article.content: {source.article.content}"
    removed = ", ".join(source.article.remove)
    return f"{rule}, article.remove: {removed}" if removed else rule


def _clean_rule(source: Source) -> str:
    assert source.clean is not None
    return "clean: " + ", ".join(name for name, value in asdict(source.clean).items() if value)


def _short(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
