"""Feed key and format to URL path and back, so that no other module builds or reads a feed's address.

    all                  /feeds/all.atom
    category/finance/cs  /feeds/category/finance/cs.atom
    source/acme          /feeds/source/acme.atom

Paths are percent-encoded (RFC 3986): names may be of any script, and hold dots.
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from aggregator.model.feed import FeedKey

SUFFIXES = ("atom", "rss", "json", "html")

_ROOT = "/feeds/"
_NAMELESS = frozenset({"all", "health"})
_NAMED = frozenset({"category", "source", "publisher"})


def feed_path(key: FeedKey, suffix: str | None = None) -> str:
    """The path of a feed, such as ``/feeds/category/a/b.atom``; without `suffix` the format is left to
    the server. Raises ValueError for a key that no path can name."""
    if not _legal(key):
        raise ValueError(f"no path can name the feed {str(key)!r}")
    path = _ROOT + key.kind
    if key.name:
        # Only a category's slashes divide; those of other names are part of the name.
        path += "/" + quote(key.name, safe="/" if key.kind == "category" else "")
    if suffix:
        return f"{path}.{suffix}"
    stem, dot, last = path.rpartition(".")
    # A name that ends like a format must not be read as one.
    return f"{stem}%2E{last}" if dot and last in SUFFIXES else path


def feed_url(base_url: str, key: FeedKey, suffix: str | None = None) -> str:
    """The absolute address of a feed. `base_url` has no slash at its end."""
    return base_url + feed_path(key, suffix)


def parse_path(path: str) -> tuple[FeedKey, str | None] | None:
    """The feed key and the format (None: not given) that a percent-encoded `path` names, or None if it
    names no feed. The reverse of `feed_path`."""
    if not path.startswith(_ROOT):
        return None
    stem, dot, last = path[len(_ROOT) :].rpartition(".")
    suffix = last if dot and last in SUFFIXES else None
    if suffix is None:
        stem = path[len(_ROOT) :]
    kind, slash, raw_name = stem.partition("/")
    if kind in _NAMED and kind != "category" and "/" in raw_name:
        return None
    try:
        name = unquote_to_bytes(raw_name).decode("utf-8")
    except UnicodeDecodeError:
        return None
    key = FeedKey(kind=kind, name=name)
    if not _legal(key) or bool(slash) != bool(name):
        return None
    return key, suffix


def _legal(key: FeedKey) -> bool:
    if key.kind in _NAMELESS:
        return not key.name
    if key.kind not in _NAMED:
        return False
    parts = key.name.split("/") if key.kind == "category" else [key.name]
    # "." and ".." are resolved away by clients before they ask.
    return all(part not in ("", ".", "..") for part in parts)
