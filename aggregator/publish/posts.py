"""Items as posts for Jekyll and Hexo: front matter, HTML that their template languages leave alone, and
file names that are made of nothing but letters, digits and hyphens.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import Any, TypeVar
from urllib.parse import urlsplit

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from aggregator.errors import AggregatorError
from aggregator.model.feed import PublishedItem
from aggregator.model.item import Item
from aggregator.publish import embed
from aggregator.publish import view as say
from aggregator.publish.mend import scrub_text

LONGEST_NAME = 80

_ESCAPE = re.compile(r"\\(?:U([0-9A-F]{8})|.)")  # pairs of backslashes are taken as such

T = TypeVar("T")


class PostError(AggregatorError):
    """An item, or a template, cannot be made into a post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A file of a site: ``path`` is relative, with slashes, and names no folder above."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Jinja2 templates of what a post is filed under, each line that they give being one value.

    They know ``publisher`` (the source's title where an item names none) and its ``slug``, ``source``
    (the source's title), ``category`` (titles of the source's category path, a list), ``title`` and
    ``tags`` (the item's own, a list). ``quote`` is what stands before the text as a quotation, if
    anything: it knows ``summary`` and ``text`` too, the item's two texts without markup.
    """

    categories: str
    tags: str
    quote: str = ""

    def but(self, **given: str | None) -> Templates:
        """These, with those that are given in their places."""
        return replace(self, **{name: text for name, text in given.items() if text is not None})


# A wire's digest repeats the title in brackets; many summaries are but the beginning of the text.
_DIGEST = """\
{% set digest = summary.rpartition('】')[2].strip() %}{{ digest if not text.startswith(digest) }}"""
JEKYLL = Templates(categories="{{ slug }}", tags="{{ publisher }}新闻", quote=_DIGEST)
HEXO = Templates(categories="{{ (category or [source]) | join('\\n') }}", tags="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a publisher's posts stand under: ``category`` as the posts have it, "" for none."""

    slug: str
    name: str
    category: str = ""


def jekyll_post(
    entry: PublishedItem,
    *,
    timezone: tzinfo = UTC,
    category: Sequence[str] = (),
    templates: Templates = JEKYLL,
) -> Post:
    """`entry` as ``_posts/<date>-<name>.md``, dated in `timezone`. `category` are the titles of its source's
    category path. Raises PostError."""
    return _guarded(_jekyll, entry, timezone, category, templates)


def hexo_post(entry: PublishedItem, *, category: Sequence[str] = (), templates: Templates = HEXO) -> Post:
    """`entry` as ``source/_posts/<name>.md``; see `jekyll_post`. Raises PostError."""
    return _guarded(_hexo, entry, category, templates)


def heading(entry: PublishedItem, *, category: Sequence[str] = (), templates: Templates = JEKYLL) -> Heading:
    """The publisher under which `jekyll_post` files `entry`. Raises PostError."""
    slug, name = _publisher(entry)
    categories = _guarded(_filed, templates.categories, entry, category)
    return Heading(slug=slug, name=name, category=categories[0] if categories else "")


def check_templates(templates: Templates) -> None:
    """Raises PostError for a template that cannot be read."""
    for text in (templates.categories, templates.tags, templates.quote):
        _guarded(_template, text)


def front_matter(values: Mapping[str, Any]) -> str:
    """YAML between two lines of hyphens. Texts are quoted, so that none is taken for a number, a date or
    a symbol by any of the readers; only `Plain` ones stand as they are."""
    dumped = yaml.dump(
        dict(values), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"), indent=2
    )
    return f"---\n{_ESCAPE.sub(_literal, dumped)}---\n"


def _literal(escape: re.Match[str]) -> str:
    """The writer escapes what lies beyond U+FFFF, emoji among them: needlessly, and nobody can read it."""
    return chr(int(escape.group(1), 16)) if escape.group(1) else escape.group()


class Plain(str):
    """A text that is written without quotes, because it is meant to be read as a date or a bare word."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Every value that is a text in double quotes; keys bare."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        return super().represent_mapping(tag, {Plain(key): mapping[key] for key in mapping}, flow_style)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _plain(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text))


_Dumper.add_representer(str, _quoted)
_Dumper.add_representer(Plain, _plain)


def _jekyll(entry: PublishedItem, timezone: tzinfo, category: Sequence[str], templates: Templates) -> Post:
    item = entry.item
    at = _dated_at(item).astimezone(timezone)
    slug, name = _publisher(entry)
    values: dict[str, Any] = {
        "layout": Plain("post"),
        "title": scrub_text(item.title),
        # Cut, because zones had offsets of odd seconds before they were zones.
        "date": Plain(f"{at.year:04}-{at:%m-%d %H:%M:%S %z}"[:25]),
    }
    for key, template in (("categories", templates.categories), ("tags", templates.tags)):
        filed = _filed(template, entry, category)
        if filed:
            # Jekyll takes a text apart at its blanks.
            values[key] = filed if len(filed) > 1 or " " in filed[0] else filed[0]
    text = _quote(entry, category, templates) + embed.neutral(embed.article(say.texts(item)[1]))
    link = f"<{embed.address(item.link)}>\n\n" if item.link else ""
    back = f"[返回{embed.words(name)}新闻](/category/{slug}.html)｜[返回首页](/)"
    body = f"{front_matter(values)}{text}\n\n{link}{back}\n"
    return Post(path=f"_posts/{at.year:04}-{at:%m-%d}-{file_stem(item)}.md", body=body.encode())


def _hexo(entry: PublishedItem, category: Sequence[str], templates: Templates) -> Post:
    item = entry.item
    values: dict[str, Any] = {
        "title": scrub_text(item.title),
        "categories": _filed(templates.categories, entry, category),
        "tags": _filed(templates.tags, entry, category),
        "headimg": item.image.url if item.image else "",
        "author": scrub_text(entry.source_title),
        "comments": False,
        "date": Plain(format_datetime(say.whole_seconds(_dated_at(item)), usegmt=True)),
        "thumbnail": item.image.url if item.image else "",
    }
    given = {key: value for key, value in values.items() if key == "title" or value not in ("", [])}
    text = _quote(entry, category, templates)
    text += embed.neutral(embed.article(say.texts(item)[1], boxed=True))
    return Post(path=f"source/_posts/{file_stem(item)}.md", body=f"{front_matter(given)}\n{text}\n".encode())


def file_stem(item: Item) -> str:
    """A name for the item's file: the id that its publisher gave it, as far as it is made of
    ``[a-z0-9-]``, and a hash that tells it from all others."""
    given = item.guid or ""
    if not given or "/" in given or ":" in given:
        given = _last_part(item.link or "")
    tail = hashlib.sha256(item.uid.encode()).hexdigest()[:10]
    return "-".join(part for part in (_reduced(given), tail) if part)


def safe_slug(name: str) -> str:
    """`name` itself if it can stand in any path and address, otherwise what is left of it and a hash."""
    reduced = _reduced(name)
    if reduced == name and name:
        return name
    tail = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return "-".join(part for part in (reduced, tail) if part)


def _reduced(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:LONGEST_NAME].strip("-")


def _last_part(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:  # such as an unclosed "[" in the host
        return ""
    return path.rstrip("/").rpartition("/")[2].partition(".")[0]


def _publisher(entry: PublishedItem) -> tuple[str, str]:
    """(slug, name) of who published it: its source, where it names nobody."""
    publisher = entry.item.publisher
    if publisher:
        return safe_slug(publisher.slug), publisher.name
    return safe_slug(entry.source_name), entry.source_title


def _dated_at(item: Item) -> datetime:
    return item.published_at or item.first_seen_at


def _filed(template: str, entry: PublishedItem, category: Sequence[str]) -> list[str]:
    text = _template(template).render(_values(entry, category))
    return [line for line in map(_line, text.split("\n")) if line]


def _quote(entry: PublishedItem, category: Sequence[str], templates: Templates) -> str:
    if not templates.quote:
        return ""
    summary, text = (_line(say.plain_text(each)) for each in say.texts(entry.item))
    values = _values(entry, category) | {"summary": summary, "text": text}
    quoted = _line(_template(templates.quote).render(values))
    return f"<blockquote>{embed.neutral(escape(quoted))}</blockquote>\n" if quoted else ""


def _values(entry: PublishedItem, category: Sequence[str]) -> dict[str, Any]:
    slug, publisher = _publisher(entry)
    return {
        "publisher": _line(publisher),
        "slug": slug,
        "source": _line(entry.source_title),
        "category": [_line(title) for title in category],
        "title": _line(entry.item.title),
        "tags": [_line(tag.label or tag.term) for tag in entry.item.tags],
    }


def _line(text: str) -> str:
    return " ".join(scrub_text(text).split())


@lru_cache(maxsize=16)
def _template(text: str) -> Any:
    return _TEMPLATES.from_string(text)


_TEMPLATES = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # what they give is YAML


def _guarded(make: Callable[..., T], *arguments: Any) -> T:
    try:
        return make(*arguments)
    except (TemplateError, yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise PostError(f"{type(error).__name__}: {error}") from error
