"""The keys of a [[source]], most of which [defaults] and a [category] may give as well."""

from __future__ import annotations

from aggregator.config import addresses, headers, selections, values
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

LISTING = (
    Key(
        name="select",
        field="select",
        type="selections",
        default="none; required for kinds `page` and `api`",
        meaning="Where items and their fields are found: CSS selectors (`page`) "
        "or JMESPath expressions (`api`).",
        example='{item = "ul.news > li", title = "a", link = "a@href", published = "time@datetime"}',
        read=selections.table,
    ),
    Key(
        name="pages",
        field="paging",
        type="paging",
        default="the first page alone",
        meaning="How a listing goes on: `next` (a selector or an expression) or `parameter` (with `start`, "
        "`step`), and `limit`, the most pages a poll.",
        example='{parameter = "page", limit = 3}',
        read=selections.table,
    ),
    Key(
        name="article",
        field="article",
        type="article",
        default="none: what the listing says is all",
        meaning="How a new item's article is asked for: `content` finds its text, `remove` what goes from "
        "it, `url` (kind `api`) is its address if that is not the link; `limit` a poll, longest `wait`. With "
        "`full_text`, all but `content`.",
        example='{content = "div.article", remove = [".advert"], limit = 20, wait = "10m"}',
        read=selections.table,
    ),
    Key(
        name="body",
        field="body",
        type="text",
        default="none: a GET",
        meaning="What is posted to an `api`; JSON where it begins like it, else a form's fields.",
        example="'{\"size\": 100}'",
        read=values.body,
    ),
)

POLLING = (
    Key(
        name="kind",
        field="kind",
        type="kind",
        default='"feed"',
        meaning="`feed` (RSS, Atom, RDF or JSON Feed, found out by itself), `page` (a list in HTML), "
        "`api` (a listing in JSON), or `package.module:function` for a crawler of your own.",
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
        meaning="Longest time for a whole poll, redirects and further pages included, 10ms to 10m.",
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
        name="retry_after_on",
        field="retry_after_on",
        type="list",
        default="[429, 503]",
        meaning="Statuses whose `Retry-After` is obeyed: 429, 503, and others from 400 to 599.",
        example="[403, 429, 503]",
        read=values.retry_after_on,
    ),
    Key(
        name="retry_after_scope",
        field="retry_after_scope",
        type="word",
        default='"host"',
        meaning="Who waits as `Retry-After` says: with `host` all requests to that host and port, with `url` "
        "only the source, or the article, that asked for that address.",
        example='"url"',
        read=values.retry_after_scope,
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
        name="publisher",
        field="publisher",
        type="list",
        default='["select"]',
        meaning="Where an item's publisher is looked for, in this order: `select` (what `select.publisher` "
        "found), `source` (the entry's source), `author`, "
        "`attribution` (a line such as （来源：…） in the text).",
        example='["source", "attribution"]',
        read=values.publisher_rule,
    ),
    Key(
        name="full_text",
        field="full_text",
        type="flag",
        default="false",
        meaning="Whether each new item's page is asked for, and its article found without a selector and "
        "taken if it says clearly more than the feed. Needs the extra `fulltext`.",
        example="true",
        read=selections.full_text,
    ),
    Key(
        name="robots",
        field="robots",
        type="flag",
        default="true",
        meaning="Whether the site's robots.txt is obeyed by pages: listings of kind `page`, and articles; "
        "false is for sites of your own.",
        example="false",
        read=values.flag,
    ),
    Key(
        name="clean",
        field="clean",
        type="rules",
        default="none",
        meaning="What goes from items' texts before they are cleaned: selectors to `remove`, selectors to "
        "`unwrap` (their text stays), texts to `replace`, and `drop_empty` for elements that show nothing.",
        example='{remove = [".advert"], unwrap = ["a.tip"], replace = [["old", "new"]], drop_empty = true}',
        read=selections.clean,
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
