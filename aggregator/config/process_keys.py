"""The keys that are about the whole process: [site], [store], [server] and [fetch]."""

from __future__ import annotations

from aggregator.config import addresses, headers, values
from aggregator.config.key import Key
from aggregator.config.values import BadValue, duration, expected, integer, size, string

FORMATS = ("html", "jekyll", "hexo", "feeds")
_FEED = 'the key of a feed, such as "all", "category/finance" or "source/acme"'


def _store_path(raw: object) -> str:
    """The path of "sqlite:PATH", as written. "//" is refused: to some sqlite:///x is absolute, to
    others relative."""
    what = '"sqlite:" and the path of a file, such as "sqlite:data/aggregator.db"'
    scheme, colon, path = string(raw, what).partition(":")
    if scheme != "sqlite" or not colon or path.startswith(("//", ":", "file:")):
        raise expected(what, raw)
    if not path.strip() or path.endswith("/") or any(char in path for char in "\0\r\n"):
        raise expected(what, raw)
    return path


def _path(raw: object) -> str:
    path = string(raw, "the path of a file")
    if "\0" in path:
        raise BadValue(((), "expected the path of a file, got one with a NUL character"))
    return path


def _format(raw: object) -> str:
    if raw not in FORMATS:
        raise expected(" or ".join(f'"{name}"' for name in FORMATS), raw)
    return str(raw)


def _feed(raw: object) -> str:
    text = string(raw, _FEED)
    kind, _, name = text.partition("/")
    if bool(name) != (kind in ("category", "source", "publisher")) or (not name and kind != "all"):
        raise expected(_FEED, raw)
    return text


def _template(raw: object) -> str:
    if not isinstance(raw, str):
        raise expected("a template", raw)
    from jinja2 import Environment, TemplateSyntaxError  # deferred: few configurations have one

    try:
        Environment(autoescape=True).parse(raw)
    except TemplateSyntaxError as error:
        raise BadValue(((), f"not a valid template: {error.message}")) from error
    return raw


SITE = (
    Key(
        name="title",
        field="title",
        type="text",
        default='"Aggregator"',
        meaning="Name of the site: title of the index page and of the feed of everything.",
        example='"My wire"',
        read=values.title,
    ),
    Key(
        name="base_url",
        field="base_url",
        type="address",
        default='"http://127.0.0.1:8080"',
        meaning="Public address of the site, for self links and OPML; a slash at its end is dropped.",
        example='"https://example.org/news"',
        read=addresses.base_url,
    ),
    Key(
        name="language",
        field="language",
        type="language",
        default="none",
        meaning="Language of the site and its feeds.",
        example='"zh-CN"',
        read=values.language,
    ),
    Key(
        name="timezone",
        field="timezone",
        type="time zone",
        default="none, which means UTC",
        meaning="Zone of dates that name no zone, unless the source has its own.",
        example='"Asia/Shanghai"',
        read=values.zone,
    ),
    Key(
        name="feed_items",
        field="feed_items",
        type="number",
        default="50",
        meaning="Newest items in each feed, 1 to 1000.",
        example="100",
        read=integer(1, 1000),
    ),
)

STORE = (
    Key(
        name="url",
        field="path",
        type="store",
        default='"sqlite:data/aggregator.db"',
        meaning="Where data is kept: `sqlite:` and a path, relative to the configuration file.",
        example='"sqlite:/var/lib/aggregator/items.db"',
        read=_store_path,
    ),
    Key(
        name="keep_items",
        field="keep_items",
        type="number",
        default="5000",
        meaning="Newest items kept of each source, beside those that a publisher's feed still shows; "
        "at least `site.feed_items`.",
        example="20000",
        read=integer(1, 1_000_000),
    ),
)

SERVER = (
    Key(
        name="listen",
        field="listen",
        type="host and port",
        default='"127.0.0.1:8080"',
        meaning="Where the server listens; `0.0.0.0` is every IPv4 address, port 0 any free port.",
        example='"[::1]:8080"',
        read=addresses.listen,
    ),
    Key(
        name="token",
        field="token",
        type="secret",
        default="none, which means that everybody may read",
        meaning="What readers must tell to see anything but `/healthz` and `/readyz`, 16 characters or more; "
        "see [operating.md](operating.md#private-feeds).",
        example='{env = "READERS_TOKEN"}',
        read=headers.secret,
    ),
)

PUBLISHER = (
    Key(
        name="aliases",
        field="aliases",
        type="names",
        default="{}",
        meaning="Publishers to be renamed or merged: a name as it is found, and the one to use instead.",
        example='{"新华社客户端" = "新华社"}',
        read=values.aliases,
    ),
    Key(
        name="slugs",
        field="slugs",
        type="names",
        default="{}",
        meaning="What publishers are called in addresses, where that is not to be made from their names: "
        "for those that are not stored yet, because an address lasts.",
        example='{"东财滚动" = "emnews"}',
        read=values.slugs,
    ),
)

EXPORT = (
    Key(
        name="directory",
        field="directory",
        type="path",
        default="required",
        meaning="The folder to write to, relative to the configuration file; made if need be.",
        example='"site"',
        read=_path,
    ),
    Key(
        name="format",
        field="format",
        type="word",
        default="required",
        meaning="`html`, `jekyll`, `hexo` or `feeds`.",
        example='"jekyll"',
        read=_format,
    ),
    Key(
        name="feed",
        field="feed",
        type="feed",
        default="none, which means everything",
        meaning="Export this feed only.",
        example='"category/finance"',
        read=_feed,
    ),
    Key(
        name="categories",
        field="categories",
        type="template",
        default="the format's own",
        meaning="What posts are filed under, a Jinja2 template; each line that it gives is one category.",
        example='"{{ slug }}"',
        read=_template,
    ),
    Key(
        name="tags",
        field="tags",
        type="template",
        default="the format's own",
        meaning="Tags of posts, likewise.",
        example="\"{{ tags | join('\\n') }}\"",
        read=_template,
    ),
    Key(
        name="quote",
        field="quote",
        type="template",
        default="the format's own",
        meaning="What stands before the text of a post as a quotation; nothing where it gives nothing.",
        example='"{{ summary }}"',
        read=_template,
    ),
)


FETCH = (
    Key(
        name="concurrency",
        field="concurrency",
        type="number",
        default="64",
        meaning="Requests at once in all, 1 to 1000.",
        example="100",
        read=integer(1, 1000),
    ),
    Key(
        name="per_host",
        field="per_host",
        type="number",
        default="2",
        meaning="Requests at once to one host and port, 1 to 100.",
        example="1",
        read=integer(1, 100),
    ),
    Key(
        name="min_gap",
        field="min_gap_s",
        type="duration",
        default='"1s"',
        meaning="Time between the starts of two requests to one host and port, 0s to 1h.",
        example='"500ms"',
        read=duration("0s", "1h", "1s"),
    ),
    Key(
        name="one_host",
        field="one_host",
        type="list",
        default="[]",
        meaning="Domains that count as one host, with all names below them and whatever port: they share "
        "`per_host`, `min_gap` and what `Retry-After` holds.",
        example='["blogs.example", "新闻.example"]',
        read=addresses.domains,
    ),
    Key(
        name="min_every",
        field="min_every_s",
        type="duration",
        default='"5m"',
        meaning="Floor of every interval, 1s to 1d; below a minute for tests and local networks only.",
        example='"10m"',
        read=duration("1s", "1d", "5m"),
    ),
    Key(
        name="timeout",
        field="timeout_s",
        type="duration",
        default='"30s"',
        meaning="Longest time for a whole poll, redirects and further pages included, 10ms to 10m.",
        example='"1m"',
        read=duration("10ms", "10m", "30s"),
    ),
    Key(
        name="connect_timeout",
        field="connect_timeout_s",
        type="duration",
        default='"10s"',
        meaning="Longest time to connect, 10ms to 10m.",
        example='"5s"',
        read=duration("10ms", "10m", "10s"),
    ),
    Key(
        name="idle_timeout",
        field="idle_timeout_s",
        type="duration",
        default='"15s"',
        meaning="Longest silence within an answer, 10ms to 10m.",
        example='"20s"',
        read=duration("10ms", "10m", "15s"),
    ),
    Key(
        name="max_redirects",
        field="max_redirects",
        type="number",
        default="5",
        meaning="Redirects followed in one poll, 0 to 20.",
        example="3",
        read=integer(0, 20),
    ),
    Key(
        name="max_body",
        field="max_body_bytes",
        type="size",
        default='"15MiB"',
        meaning="Largest document after decompression, 1KiB to 1GiB.",
        example='"30MB"',
        read=size("1KiB", "1GiB"),
    ),
    Key(
        name="max_wire",
        field="max_wire_bytes",
        type="size",
        default='"10MiB"',
        meaning="Largest body as sent, before decompression, 1KiB to 1GiB.",
        example='"20MB"',
        read=size("1KiB", "1GiB"),
    ),
    Key(
        name="allow_private",
        field="allow_private",
        type="list",
        default="[]",
        meaning="Private hosts and networks that may be asked: host, address, either with a port, or CIDR.",
        example='["127.0.0.1:9000", "[::1]:9000", "nas.lan", "10.0.0.0/8"]',
        read=addresses.private,
    ),
    Key(
        name="user_agent_contact",
        field="user_agent_contact",
        type="address",
        default="none",
        meaning="Page or mail address where publishers reach you, part of the User-Agent.",
        example='"https://example.org/bot"',
        read=addresses.contact,
    ),
    Key(
        name="ca_file",
        field="ca_file",
        type="path",
        default="none",
        meaning="PEM file of certificate authorities trusted beside the system's, "
        "relative to the configuration file.",
        example='"certs/own-ca.pem"',
        read=_path,
    ),
)
