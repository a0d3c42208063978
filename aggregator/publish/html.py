"""Pages for people: the index, a feed to look at, the status and errors. No script, nothing from elsewhere
but the pictures of items; every value is escaped by Jinja2 except the HTML that was cleaned at storing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.model.feed import Feed, FeedKey, FeedView, PublishedItem
from aggregator.model.item import Item
from aggregator.publish import view as say
from aggregator.publish.mend import mended, scrub_text
from aggregator.publish.paths import feed_url

MEDIA_TYPE = "text/html"
STYLE: bytes = files("aggregator.publish").joinpath("templates/style.css").read_bytes()

# The formats to subscribe to: extension, media type, name.
_SUBSCRIBE = (
    ("atom", "application/atom+xml", "Atom"),
    ("rss", "application/rss+xml", "RSS"),
    ("json", "application/feed+json", "JSON Feed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest items of a publisher, as `newest_of` gives them."""

    feed: Feed
    markup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexView:
    """What the index page shows. ``feeds`` in any order, gone ones are left out; ``items`` newest first.
    ``more_publishers`` tells that there are others than those whose feeds are given. ``newest`` stands in
    the place of a bare list of publishers."""

    feeds: tuple[Feed, ...]
    items: tuple[PublishedItem, ...]
    base_url: str
    site_title: str
    site_language: str | None = None
    more_publishers: bool = False
    newest: tuple[Newest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One source on the status page. ``health`` is one word; ``error`` says what is wrong, or ""."""

    name: str
    title: str
    category: str = ""
    health: str
    items: int = 0
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    next_check_at: datetime | None = None
    failures: int = 0
    error: str = ""


def index_page(index: IndexView, *, static: bool = False) -> bytes:
    """Feeds by category and kind, the newest items, and how to subscribe. ``static`` is for files: links
    go to files, and to none of what only a server can tell."""
    living = sorted((feed for feed in index.feeds if not feed.gone), key=lambda feed: str(feed.key))
    groups = {
        kind: [feed for feed in living if feed.key.kind == kind]
        for kind in ("all", "category", "source", "publisher")
    }
    return _page(
        "index.html",
        static=static,
        base_url=index.base_url,
        site_title=index.site_title,
        language=index.site_language,
        groups=groups,
        more_publishers=index.more_publishers,
        newest=index.newest,
        items=index.items,
    )


def newest_of(items: Sequence[PublishedItem]) -> str:
    """The titles of these items as a list, escaped, for `Newest`."""
    return _TEMPLATES.get_template("newest.html").render(items=items)


def feed_page(view: FeedView, *, static: bool = False) -> bytes:
    """A feed as a page to read; ``static`` as in `index_page`."""
    return mended(view, lambda each: _feed_page(each, static))


def _feed_page(view: FeedView, static: bool) -> bytes:
    return _page(
        "feed.html",
        static=static,
        base_url=view.base_url,
        site_title=view.site_title,
        language=say.language(view),
        feed=view.feed,
        items=view.items,
    )


def status_page(
    rows: Sequence[StatusRow],
    site_title: str = "Aggregator",
    language: str | None = None,
    base_url: str = "",
    notices: Sequence[str] = (),
) -> bytes:
    """The health of every source, in the order given. Times are shown as they are, in UTC. ``notices``
    tell what is the matter with all of them, a sentence each; they are escaped."""
    return _page(
        "status.html",
        base_url=base_url,
        site_title=site_title,
        language=language,
        rows=rows,
        notices=notices,
    )


def error_page(
    status: int,
    message: str,
    site_title: str = "Aggregator",
    language: str | None = None,
    base_url: str = "",
) -> bytes:
    """A page for an HTTP error. `message` is text for people; it is escaped."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:  # not one that the standard library knows
        phrase = "Error"
    return _page(
        "error.html",
        base_url=base_url,
        site_title=site_title,
        language=language,
        status=status,
        phrase=phrase,
        message=message,
    )


def _page(template: str, **values: object) -> bytes:
    return scrub_text(_TEMPLATES.get_template(template).render({"static": False} | values)).encode()


def _item_at(item: Item) -> datetime:
    return say.published_at(item) or say.updated_at(item)


def _people(item: Item) -> str:
    return ", ".join(say.person_name(person) for person in item.authors)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("aggregator.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(
        rfc3339=lambda at: say.rfc3339(say.whole_seconds(at)),
        utc=lambda at: f"{say.whole_seconds(at):%Y-%m-%d %H:%M} UTC",
        at=_item_at,
        people=_people,
        text_of=lambda item: say.texts(item)[1],
        last_part=lambda name: name.rpartition("/")[2],
        depth=lambda name: name.count("/"),
    )
    environment.globals.update(feed_url=feed_url, FeedKey=FeedKey, subscribe=_SUBSCRIBE)
    return environment


_TEMPLATES = _environment()
