"""Typed settings, as `config` makes them out of feeds.toml. Defaults are those of docs/configuration.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.model.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    title: str = "Aggregator"
    base_url: str = "http://127.0.0.1:8080"  # without a slash at its end
    language: str | None = None
    timezone: str | None = None  # an IANA name, for dates that name no zone
    feed_items: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    path: str = "data/aggregator.db"  # absolute once decoded; ":memory:" is refused
    keep_items: int = 5000  # newest items kept a source


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = field(default=None, repr=False)  # a secret: what all but health checks must tell


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    concurrency: int = 64
    per_host: int = 2
    min_gap_s: float = 1.0
    one_host: tuple[str, ...] = ()  # domains in ASCII, lower case; none of them below another
    min_every_s: float = 300.0
    timeout_s: float = 30.0
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 15.0
    max_redirects: int = 5
    max_body_bytes: int = 15 * 1024 * 1024  # after decompression
    max_wire_bytes: int = 10 * 1024 * 1024
    allow_private: tuple[str, ...] = ()  # host, host:port, address, address:port or CIDR
    user_agent_contact: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A configured category path. Ancestors that are not configured exist all the same."""

    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A folder that is kept in line with what is stored. ``feed``: the key of the only feed to export, None
    for all. The templates are those of posts, None where the format's own are to be used."""

    directory: str  # absolute once decoded
    format: str
    feed: str | None = None
    categories: str | None = None
    tags: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole, valid configuration. ``directory`` is what relative paths and ``file:`` addresses in
    it are relative to (absolute)."""

    file: str
    directory: str
    site: SiteSettings
    store: StoreSettings
    server: ServerSettings
    fetch: FetchSettings
    categories: tuple[Category, ...]  # every path in use, ancestors included, sorted by path
    sources: tuple[Source, ...]
    publisher_aliases: Mapping[str, str] = field(default_factory=dict)  # a name as found -> the one to use
    publisher_slugs: Mapping[str, str] = field(default_factory=dict)  # a name -> what to call it in addresses
    exports: tuple[Export, ...] = ()
