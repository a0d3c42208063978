"""TOML text to `Config`: tables are read key by key, then inherited, then built. Nothing stops at the
first problem, because an operator would rather fix ten lines at once than run `check` ten times.

What a source does not say comes from its category, then that one's ancestors, then [defaults],
then [fetch] and [site], then the defaults of `aggregator.model`.
"""

from __future__ import annotations

import os.path
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from aggregator.config import headers, selections, values
from aggregator.config.durations import format_duration
from aggregator.config.headers import Keeper
from aggregator.config.lines import KeyPath, Lines
from aggregator.config.problems import Findings, unknown, unknown_section
from aggregator.config.schema import SECTIONS
from aggregator.config.values import BadValue, expected, show
from aggregator.errors import ConfigError, Problem
from aggregator.model.settings import (
    Category,
    Config,
    Export,
    FetchSettings,
    ServerSettings,
    SiteSettings,
    StoreSettings,
)
from aggregator.model.source import Article, Select, Source

Table = dict[str, Any]
"""What a table said: values as read, by the name of the settings' field each one fills."""

_DAY_S = 86400.0
_SYNTAX = re.compile(r"(.*?) \(at (?:line ([0-9]+), column [0-9]+|end of document)\)", re.DOTALL)


def load(
    text: str,
    *,
    file: str,
    directory: str,
    env: Mapping[str, str],
    read_file: Callable[[str], str] | None = None,
) -> Config:
    """The configuration that ``text`` describes.

    ``file`` is the name to use in messages. ``directory`` (absolute) is what relative paths are
    relative to. ``env`` and ``read_file`` give the secrets that are kept elsewhere: the latter takes an
    absolute path and raises OSError or UnicodeDecodeError. Raises ConfigError with every problem found,
    in the order of their lines; when the text is no TOML, that is the only one.
    """
    text = text.removeprefix("\ufeff")
    raw = _parse(text, file)
    keeper = Keeper(env=env, directory=directory, read_file=read_file)
    decoder = _Decoder(raw, keeper)
    decoder.decode()
    if decoder.findings:
        raise ConfigError(decoder.findings.problems(text, file))
    return decoder.config(file, directory)


def _parse(text: str, file: str) -> dict[str, Any]:
    """The tables of ``text``; ConfigError with the line when it is no TOML."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        line, message = 0, "nested too deeply"
    except ValueError as error:
        match = _SYNTAX.fullmatch(str(error))
        message = match[1] if match else str(error)
        line = int(match[2]) if match and match[2] else Lines(text).last_statement
    problem = Problem(file=file, line=line, where="", text=f"not valid TOML: {message}")
    raise ConfigError((problem,))


class _Decoder:
    """Reads every table once, keeping what was found and what was wrong with it."""

    def __init__(self, raw: dict[str, Any], keeper: Keeper) -> None:
        self.findings = Findings(raw)
        self._raw = raw
        self._keeper = keeper
        self._sections: dict[str, Table] = {}
        self._min_every_s = 0.0
        self._titles: dict[str, str] = {}
        self._categories: dict[str, Table] = {}
        self._inherited: dict[str, Table] = {}
        self._sources: list[Table] = []
        self._exports: list[Table] = []

    def decode(self) -> None:
        """Reads everything. What is wrong is in ``findings`` afterwards."""
        for name, value in self._raw.items():
            if name not in SECTIONS:
                self.findings.add((name,), unknown_section(name, value))
        for name in ("site", "store", "server", "fetch", "publisher", "defaults"):
            self._sections[name] = self._section(name)
        self._check_keep_items()
        self._read_categories()
        self._base()
        self._read_sources()
        self._read_exports()

    def config(self, file: str, directory: str) -> Config:
        """The settings. Only to be called when nothing was wrong."""
        site, store, fetch = (dict(self._sections[name]) for name in ("site", "store", "fetch"))
        store["path"] = os.path.normpath(os.path.join(directory, store.get("path", StoreSettings().path)))
        if "ca_file" in fetch:
            fetch["ca_file"] = os.path.normpath(os.path.join(directory, fetch["ca_file"]))
        server = dict(self._sections["server"])
        if "listen" in server:
            server["host"], server["port"] = server.pop("listen")
        sources = tuple(_source(table) for table in self._sources)
        return Config(
            file=file,
            directory=directory,
            site=SiteSettings(**site),
            store=StoreSettings(**store),
            server=ServerSettings(**server),
            fetch=FetchSettings(**fetch),
            categories=self._paths(sources),
            sources=sources,
            publisher_aliases=self._sections["publisher"].get("aliases", {}),
            publisher_slugs=self._sections["publisher"].get("slugs", {}),
            exports=tuple(
                Export(**each | {"directory": os.path.normpath(os.path.join(directory, each["directory"]))})
                for each in self._exports
            ),
        )

    def _section(self, name: str) -> Table:
        value = self._raw.get(name, {})
        if not isinstance(value, dict):
            found = f"[[{name}]]" if _is_tables(value) else show(value)
            self.findings.add((name,), f"expected [{name}], got {found}")
            return {}
        return self._table(value, name, (name,))

    def _table(self, table: dict[str, Any], section: str, path: KeyPath) -> Table:
        """The values of one table whose keys are those of ``section``."""
        keys = SECTIONS[section]
        found: Table = {}
        for name, raw in table.items():
            key = keys.get(name)
            if key is None:
                self.findings.add((*path, name), unknown(name, raw, section, path))
                continue
            try:
                value = key.read(raw)
                reveal = {"table": self._keeper.reveal, "secret": self._keeper.token}.get(key.type)
                found[key.field] = reveal(value) if reveal is not None else value
            except BadValue as bad:
                for at, text in bad.faults:
                    self.findings.add((*path, name, *at), text)
        return found

    def _check_keep_items(self) -> None:
        window = self._sections["site"].get("feed_items", SiteSettings().feed_items)
        kept = self._sections["store"].get("keep_items", StoreSettings().keep_items)
        if kept < window:
            self.findings.add(
                ("store", "keep_items"), f"expected at least site.feed_items ({window}), got {kept}"
            )

    def _read_categories(self) -> None:
        tables = self._raw.get("category", {})
        if not isinstance(tables, dict):
            found = "[[category]]" if _is_tables(tables) else show(tables)
            self.findings.add(("category",), f"expected [category.NAME], got {found}")
            return
        for name, raw in tables.items():
            at = ("category", name)
            try:
                if not isinstance(raw, dict):
                    raise expected("a table such as [category.finance]", raw)
                path = values.category(name)
            except BadValue as bad:
                self.findings.add(at, str(bad))
                continue
            if path in self._categories:
                self.findings.add(at, "the same category as another, in another Unicode form")
            table = self._table(raw, "category", at)
            if "title" in table:
                self._titles[path] = table.pop("title")
            self._categories[path] = table

    def _base(self) -> None:
        """What every source starts from: the defaults, over what [fetch] and [site] say."""
        fetch, site = self._sections["fetch"], self._sections["site"]
        model = FetchSettings()
        raw_fetch = self._raw.get("fetch")
        if "min_every_s" in fetch:
            self._min_every_s = fetch["min_every_s"]
        elif not (isinstance(raw_fetch, dict) and "min_every" in raw_fetch):
            self._min_every_s = model.min_every_s  # else it is wrong, and judging by it would mislead
        start: Table = {
            "every_s": max(3600.0, self._min_every_s),
            "timeout_s": fetch.get("timeout_s", model.timeout_s),
            "max_body_bytes": fetch.get("max_body_bytes", model.max_body_bytes),
            "timezone": site.get("timezone"),
        }
        defaults = self._sections["defaults"]
        self._inherited[""] = _merge(start, defaults)
        self._check_intervals(("defaults",), defaults, self._inherited[""])
        for path in sorted(self._categories):
            self._check_intervals(("category", path), self._categories[path], self._inherit(path))

    def _inherit(self, path: str) -> Table:
        """What sources of category ``path`` start from; "" is no category."""
        if path not in self._inherited:
            above = self._inherit(path.rpartition("/")[0])
            self._inherited[path] = _merge(above, self._categories.get(path, {}))
        return self._inherited[path]

    def _check_intervals(self, path: KeyPath, own: Table, merged: Table) -> None:
        """Judges the intervals that the table at ``path`` says itself, given what it inherits."""
        if "every_s" in own and own["every_s"] < self._min_every_s:
            every, floor = format_duration(own["every_s"]), format_duration(self._min_every_s)
            self.findings.add((*path, "every"), f"{every} is below fetch.min_every ({floor})")
        if "max_every_s" in own and own["max_every_s"] < merged["every_s"]:
            longest, every = format_duration(own["max_every_s"]), format_duration(merged["every_s"])
            self.findings.add((*path, "max_every"), f"{longest} is below every ({every})")

    def _tables(self, section: str, required: tuple[str, ...]) -> Iterator[tuple[KeyPath, Table]]:
        """Each table of an array of tables with its place."""
        tables = self._raw.get(section, [])
        if not isinstance(tables, list):
            found = f"[{section}]" if isinstance(tables, dict) else show(tables)
            self.findings.add((section,), f"expected [[{section}]], got {found}")
            return
        for place, raw in enumerate(tables):
            path: KeyPath = (section, place)
            if not isinstance(raw, dict):
                self.findings.add(path, f"expected a [[{section}]] table, got {show(raw)}")
                continue
            own = self._table(raw, section, path)
            for name in required:
                if name not in raw:
                    self.findings.add((*path, name), f"expected in every [[{section}]], got none")
            yield path, own

    def _read_exports(self) -> None:
        """Two exports of one format and feed into one folder would each remove what the other wrote."""
        places: dict[tuple[object, ...], KeyPath] = {}
        for path, own in self._tables("export", ("directory", "format")):
            place = tuple(own.get(name) for name in ("directory", "format", "feed"))
            first = places.setdefault(place, path)
            if first != path:
                self.findings.add((*path, "directory"), "the same export as another", see=first)
            self._exports.append(own)

    def _read_sources(self) -> None:
        names: dict[str, int] = {}
        for path, own in self._tables("source", ("name", "url")):
            place = int(path[1])
            first = names.setdefault(own.get("name", ""), place)
            if "name" in own and first != place:
                self.findings.add((*path, "name"), "already taken", see=("source", first, "name"))
            category = own.get("category") or self._inherited[""].get("category") or ""
            merged = _merge(self._inherit(category), own)
            self._check_intervals(path, own, merged)
            self._read_listing(path, own, merged)
            self._sources.append(merged)

    def _read_listing(self, path: KeyPath, own: Table, merged: Table) -> None:
        """What a source selects, which is read once its kind is known."""
        kind = merged.get("kind", "feed")
        if "content" in own.get("article", {}):
            if own.get("full_text"):
                self.findings.add(
                    (*path, "full_text"),
                    "expected either full_text or article.content, got both; drop article.content to have "
                    "the text found, or full_text to have what article.content finds",
                )
            merged["full_text"] = False  # what is inherited gives way
        elif merged.get("full_text"):
            merged["article"] = Article()
        if "article" in own:
            self._read_article(path, kind, own, merged)
        if kind not in ("page", "api"):
            for name, field in (("select", "select"), ("pages", "paging"), ("body", "body")):
                if field in own:
                    self.findings.add((*path, name), f'only for kinds "page" and "api", not "{kind}"')
            return
        if "select" not in own:
            self.findings.add((*path, "select"), f'expected in every [[source]] of kind "{kind}", got none')
        for name, field, read in (
            ("select", "select", selections.select),
            ("pages", "paging", selections.paging),
        ):
            try:
                if field in own:
                    merged[field] = read(kind, own[field])
            except BadValue as bad:
                for at, text in bad.faults:
                    self.findings.add((*path, name, *at), text)
        article_url = merged.pop("article_url", None)
        if article_url is not None and isinstance(merged.get("select"), Select):
            merged["select"] = replace(merged["select"], article=article_url)

    def _read_article(self, path: KeyPath, kind: str, own: Table, merged: Table) -> None:
        full = merged.get("full_text", False)
        if kind not in ("feed", "page", "api") and not full:
            self.findings.add((*path, "article"), f'only for built-in kinds, not "{kind}"')
            return
        try:
            merged["article"], url = selections.article(kind, own["article"], full=full)
        except BadValue as bad:
            for at, text in bad.faults:
                self.findings.add((*path, "article", *at), text)
            return
        if url is not None and url.startswith("file:") and not own.get("url", "").startswith("file:"):
            expected = "expected an http or https address, since the listing is no file"
            self.findings.add((*path, "article", "url"), f"{expected}, got {show(url)}")
        elif url is not None:
            merged["article_url"] = url

    def _paths(self, sources: tuple[Source, ...]) -> tuple[Category, ...]:
        """Every category, configured or used, with its ancestors, sorted by path."""
        paths: set[str] = set()
        for path in {*self._categories, *(source.category for source in sources)}:
            parts = path.split("/")
            paths.update("/".join(parts[:count]) for count in range(1, len(parts) + 1) if path)
        return tuple(
            Category(path=path, title=self._titles.get(path, path.rpartition("/")[2]))
            for path in sorted(paths)
        )


def _merge(base: Table, own: Table) -> Table:
    """``base`` with ``own`` over it; headers are merged one by one."""
    merged = base | own
    if "headers" in own and "headers" in base:
        merged["headers"] = headers.merge(base["headers"], own["headers"])
    return merged


def _source(table: Table) -> Source:
    every_s = table["every_s"]
    # A longest interval that was inherited gives way to a source's own, longer `every`.
    max_every_s = max(every_s, table.get("max_every_s", min(8 * every_s, _DAY_S)))
    own_headers = dict(table.get("headers", {}))
    return Source(**(table | {"max_every_s": max_every_s, "headers": own_headers}))


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
