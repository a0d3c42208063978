"""The keys of a [[source]], most of which [defaults] and a [category] may give as well."""

from __future__ import annotations

from aggregator.config import addresses, headers, values
from aggregator.config.key import Key
from aggregator.config.values import duration, size

NAME_AND_URL = (
    Key(
        name="name",
        field="name",
        type="name",
        default="required",
        meaning="Unique name, part of addresses: a-z, 0-9, `.`, `_`, `-`, at most 80.",
        example='"acme"',
        read=values.source_name,
    ),
    Key(
        name="url",
        field="url",
        type="address",
        default="required",
        meaning="What is read: an http or https address, or `file:` and a path "
        "relative to the configuration file.",
        example='"https://acme.example/feed.xml"',
        read=addresses.source_url,
    ),
)

POLLING = (
    Key(
        name="kind",
        field="kind",
        type="kind",
        default='"feed"',
        meaning="`feed` (RSS, Atom, RDF or JSON Feed, found out by itself), "
        "or `package.module:function` for a crawler of your own.",
        example='"my_package.wire:crawl"',
        read=values.kind,
    ),
    Key(
        name="every",
        field="every_s",
        type="duration",
        default='"1h", or `fetch.min_every` if longer',
        meaning="Shortest time between two polls that we choose ourselves; "
        "at least `fetch.min_every`, at most 365d.",
        example='"15m"',
        read=duration("1s", "365d"),
    ),
    Key(
        name="max_every",
        field="max_every_s",
        type="duration",
        default="8 times `every`, at most 24h, never below `every`",
        meaning="Longest time between two polls that we choose ourselves, for sources with little news.",
        example='"6h"',
        read=duration("1s", "365d", "6h"),
    ),
    Key(
        name="timeout",
        field="timeout_s",
        type="duration",
        default="`fetch.timeout`",
        meaning="Longest time for a whole poll, redirects included, 10ms to 10m.",
        example='"1m"',
        read=duration("10ms", "10m", "30s"),
    ),
    Key(
        name="max_body",
        field="max_body_bytes",
        type="size",
        default="`fetch.max_body`",
        meaning="Largest document after decompression, 1KiB to 1GiB.",
        example='"5MiB"',
        read=size("1KiB", "1GiB"),
    ),
    Key(
        name="timezone",
        field="timezone",
        type="time zone",
        default="`site.timezone`",
        meaning="Zone of dates that name no zone.",
        example='"Europe/Berlin"',
        read=values.zone,
    ),
    Key(
        name="language",
        field="language",
        type="language",
        default="the document's own",
        meaning="Language of the items, where they do not name one.",
        example='"de"',
        read=values.language,
    ),
    Key(
        name="headers",
        field="headers",
        type="table",
        default="{}",
        meaning='Request headers: a string, `{env = "NAME"}` or `{file = "path"}`; merged by name.',
        example='{Accept-Language = "de", Authorization = {env = "ACME_TOKEN"}}',
        read=headers.table,
    ),
)

PLACE = (
    Key(
        name="title",
        field="title",
        type="text",
        default="the feed's own",
        meaning="Title of the source.",
        example='"Acme"',
        read=values.title,
    ),
    Key(
        name="category",
        field="category",
        type="category",
        default="none",
        meaning="Category path; it needs no `[category]` table.",
        example='"finance/cs/news"',
        read=values.category,
    ),
)

CATEGORY_TITLE = Key(
    name="title",
    field="title",
    type="text",
    default="the last part of the path",
    meaning="Title of the category and its feed.",
    example='"金融"',
    read=values.title,
)
