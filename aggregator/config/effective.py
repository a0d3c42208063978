"""A configuration with every default filled in, for `check` to show; header values and the server's token
are hidden ("***"), because any of them may be a secret.

As text it is itself a configuration: reading it gives the same `Config`, save for the headers. Where there
is a token it is none: three asterisks are too short for one, and so never become one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aggregator.config.durations import format_duration, format_size
from aggregator.config.key import Key
from aggregator.config.schema import SECTIONS
from aggregator.model.settings import Config, ServerSettings
from aggregator.model.source import Paging, Source

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = Source(name="", url="")
_LEFT_OUT = ("publisher", "full_text", "robots", "retry_after_on", "retry_after_scope")
"""Keys that are shown only where a source differs from the default, which few do."""


def tables(config: Config) -> dict[str, Any]:
    """The effective values in the words of the configuration file ("15m", "15MiB"), of types that JSON
    has: "site", "store", "server" and "fetch" by key, "category" by path, "source" and "export"
    lists. What is not set is left out."""
    return {
        "site": _shown(config.site, SECTIONS["site"]),
        "store": _shown(config.store, SECTIONS["store"]),
        "server": _server(config.server),
        "fetch": _shown(config.fetch, SECTIONS["fetch"]),
        "publisher": {
            name: dict(named)
            for name, named in (("aliases", config.publisher_aliases), ("slugs", config.publisher_slugs))
            if named
        },
        "export": [_shown(each, SECTIONS["export"]) for each in config.exports],
        "category": {category.path: {"title": category.title} for category in config.categories},
        "source": [_source(source) for source in config.sources],
    }


def effective(config: Config) -> str:
    """The effective values as the text of a configuration file."""
    shown = tables(config)
    blocks = [_block(f"[{name}]", shown[name]) for name in ("site", "store", "server", "fetch", "publisher")]
    blocks += [_block("[[export]]", table) for table in shown["export"]]
    blocks += [_block(f"[category.{_name(path)}]", table) for path, table in shown["category"].items()]
    blocks += [_block("[[source]]", table) for table in shown["source"]]
    return "\n".join(blocks)


def _source(source: Source) -> dict[str, Any]:
    shown = _shown(source, SECTIONS["source"])
    for name in _LEFT_OUT:
        if getattr(source, name) == getattr(_PLAIN, name):
            del shown[name]
    if source.select is not None:
        found = {name: value for name, value in asdict(source.select).items() if value is not None}
        items = found.pop("items")
        found.pop("article", None)  # said as article.url
        shown["select"] = {"item" if source.kind == "page" else "items": items, **found}
    if source.article is not None:
        article = source.article
        shown["article"] = {
            "remove": list(article.remove),
            "limit": article.limit,
            "wait": format_duration(article.wait_s),
        }
        if article.content is not None:
            shown["article"]["content"] = article.content
        if source.select is not None and source.select.article is not None:
            shown["article"]["url"] = source.select.article
    if source.clean is not None:
        shown["clean"] = {name: _plain(value) for name, value in asdict(source.clean).items() if value}
    if source.paging != Paging():
        shown["pages"] = {name: value for name, value in asdict(source.paging).items() if value is not None}
        if source.paging.parameter is None:  # a counter's settings, without the counter
            del shown["pages"]["start"], shown["pages"]["step"]
    return shown


def _plain(value: Any) -> Any:
    """Tuples as the lists that the file has."""
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _shown(settings: object, keys: Mapping[str, Key]) -> dict[str, Any]:
    """What is set in ``settings``, as the file would say it."""
    found = {key.name: _written(getattr(settings, key.field), key.type) for key in keys.values()}
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def _written(value: Any, type_: str) -> Any:
    if value is None or type_ in ("selections", "paging", "rules", "article"):
        return None
    if type_ == "duration":
        return format_duration(value)
    if type_ == "size":
        return format_size(value)
    if type_ == "store":
        return f"sqlite:{value}"
    if type_ == "table":
        return dict.fromkeys(value, "***")
    return list(value) if type_ == "list" else value


def _server(server: ServerSettings) -> dict[str, str]:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return {"listen": f"{host}:{server.port}"} | ({} if server.token is None else {"token": "***"})


def _block(header: str, table: Mapping[str, Any]) -> str:
    return "\n".join([header, *(f"{name} = {_value(value)}" for name, value in table.items()), ""])


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_name(name)} = {_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)
