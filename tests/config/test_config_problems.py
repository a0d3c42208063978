"""What is wrong with a configuration is said with its line, its place, and what was expected."""

# ruff: noqa: E501 - one case a line reads best

import re
from pathlib import Path

import pytest

from aggregator.config import decode
from aggregator.errors import ConfigError


def said(text: str, *, env: dict[str, str] | None = None) -> list[str]:
    """The messages for a configuration text; empty when it is valid."""
    try:
        decode.load(text, file="feeds.toml", directory="/srv/wire", env=env or {})
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def source(*lines: str) -> str:
    return "\n".join(["[[source]]", 'name = "acme"', 'url = "https://acme.example/feed"', *lines, ""])


# (text, line of the problem, what the message goes on with)
SINGLE = [
    # sections
    ('[sites]\ntitle = "x"\n', 1, 'sites: unknown section; did you mean "site"?'),
    ("\n[[sources]]\n", 2, 'sources: unknown section; did you mean "source"?'),
    ("[[site]]\n", 1, "site: expected [site], got [[site]]"),
    ("fetch = 5\n", 1, "fetch: expected [fetch], got 5"),
    ('[source]\nname = "a"\n', 1, "source: expected [[source]], got [source]"),
    ('source = ["a"]\n', 1, 'source 1: expected a [[source]] table, got "a"'),
    ("source = 1\n", 1, "source: expected [[source]], got 1"),
    ('[[category]]\ntitle = "a"\n', 1, "category: expected [category.NAME], got [[category]]"),
    ('[category]\nfinance = "a"\n', 2, 'category "finance": expected a table such as [category.finance]'),
    ('every = "1h"\n', 1, "every: unknown key here; it belongs in [defaults] or [category.NAME] or [[source]]"),
    ('evry = "1h"\n', 1, 'evry: unknown key; did you mean "every"?'),
    # unknown keys
    ("[fetch]\n# a remark\nconcurency = 3\n", 3, 'fetch: concurency: unknown key; did you mean "concurrency"?'),
    ("[server]\nconcurrency = 3\n", 2, "server: concurrency: unknown key here; it belongs in [fetch]"),
    ("[site]\nzzzzzz = 1\n", 2, "site: zzzzzz: unknown key"),
    (source('evry = "15m"'), 4, 'source "acme": evry: unknown key; did you mean "every"?'),
    (source("select.item = 'li'"), 4, 'source "acme": select: only for kinds "page" and "api"'),
    (source("'a b' = 1"), 4, 'source "acme": "a b": unknown key'),
    ('[category.a.b]\ntitle = "x"\n', 1, 'category "a": b: unknown key; a category below this one is written '
     '[category."a/b"]'),
    ('[category.a]\nurl = "https://x.example/"\n', 2, 'category "a": url: unknown key here'),
    ('[defaults]\nname = "a"\n', 2, "defaults: name: unknown key here; it belongs in [[source]]"),
    # values of single keys
    (source("every = 15"), 4, 'source "acme": every: expected a duration such as "15m", got 15'),
    (source('every = "15"'), 4, 'source "acme": every: expected a duration such as "15m", got "15"'),
    (source("every = true"), 4, 'source "acme": every: expected a duration such as "15m", got true'),
    (source("every = 2026-01-01"), 4, 'source "acme": every: expected a duration such as "15m", got the date'),
    (source('every = ["15m"]'), 4, 'source "acme": every: expected a duration such as "15m", got a list'),
    (source('every = "500d"'), 4, 'source "acme": every: expected a duration from 1s to 365d, got "500d"'),
    (source('kind = "pages"'), 4, 'source "acme": kind: expected "feed", "page", "api" or "module:function", got "pages"'),
    (source('kind = "my-package.mod:crawl"'), 4, 'source "acme": kind: expected "feed", "page"'),
    (source('kind = "mod:"'), 4, 'source "acme": kind: expected "feed", "page"'),
    (source('category = "a//b"'), 4, 'source "acme": category: expected a category path without empty parts'),
    (source('category = "/a"'), 4, 'source "acme": category: expected a category path without empty parts'),
    (source('category = "a/.b"'), 4, 'source "acme": category: expected parts of letters'),
    (source('category = "a b"'), 4, 'source "acme": category: expected parts of letters'),
    (source('category = "a.rss"'), 4, 'source "acme": category: expected parts that do not end like'),
    (source('category = ""'), 4, 'source "acme": category: expected a category path such as'),
    ('[category."a/../b"]\n', 1, 'category "a/../b": expected parts of letters'),
    (source('title = "a\\u0007b"'), 4, 'source "acme": title: expected a text without control characters'),
    (source('title = " "'), 4, 'source "acme": title: expected a text, got " "'),
    (source(f'title = "{"x" * 501}"'), 4, 'source "acme": title: expected at most 500 characters, got 501'),
    (source('timezone = "asia/shanghai"'), 4, 'source "acme": timezone: expected a time zone such as '
     '"Asia/Shanghai", got "asia/shanghai"; did you mean "Asia/Shanghai"?'),
    (source('timezone = "Asia"'), 4, 'source "acme": timezone: expected a time zone'),
    (source('timezone = "../../etc/passwd"'), 4, 'source "acme": timezone: expected a time zone'),
    (source('language = "zh_CN"'), 4, 'source "acme": language: expected a language'),
    (source('retry_after_on = 403'), 4, 'source "acme": retry_after_on: expected a list of 429, 503 and other'),
    (source("retry_after_on = [403, 429]"), 4, 'source "acme": retry_after_on: expected a list of 429, 503 and other'),
    (source("retry_after_on = [", "429, 503,", "200]"), 6, 'source "acme": retry_after_on: expected a whole number from 400'),
    (source('retry_after_on = [429, 503, "403"]'), 4, 'source "acme": retry_after_on: expected a whole number from 400'),
    (source('retry_after_scope = "site"'), 4, 'source "acme": retry_after_scope: expected "host" or "url", got "site"'),
    (source("retry_after_scope = ['url']"), 4, 'source "acme": retry_after_scope: expected "host" or "url", got a list'),
    (source('max_body = "15"'), 4, 'source "acme": max_body: expected a size such as "15MiB", got "15"'),
    (source('max_body = "2GiB"'), 4, 'source "acme": max_body: expected a size from 1KiB to 1GiB'),
    ("[site]\nfeed_items = true\n", 2, "site: feed_items: expected a whole number from 1 to 1000, got true"),
    ("[site]\nfeed_items = 0\n", 2, "site: feed_items: expected a whole number from 1 to 1000, got 0"),
    ("[site]\nfeed_items = 10.0\n", 2, "site: feed_items: expected a whole number from 1 to 1000, got 10.0"),
    ('[site]\nbase_url = "https://x.example/?a=1"\n', 2, "site: base_url: expected an address without ? and #"),
    ('[site]\nbase_url = "x.example"\n', 2, "site: base_url: expected an address such as"),
    ('[site]\nbase_url = "file:x"\n', 2, "site: base_url: expected an address such as"),
    ('[server]\nlisten = "8080"\n', 2, "server: listen: expected a host and port"),
    ('[server]\nlisten = "::1:8080:x"\n', 2, "server: listen: expected a host and port"),
    ('[server]\nlisten = "127.0.0.1:65536"\n', 2, "server: listen: expected a host and port"),
    ('[server]\nlisten = "127.0.0.1:"\n', 2, "server: listen: expected a host and port"),
    ('[server]\nlisten = ":8080"\n', 2, "server: listen: expected a host and port"),
    ("[server]\nlisten = 8080\n", 2, "server: listen: expected a host and port"),
    ('[store]\nurl = "postgresql://h/db"\n', 2, 'store: url: expected "sqlite:" and the path of a file'),
    ('[store]\nurl = "sqlite::memory:"\n', 2, 'store: url: expected "sqlite:" and the path of a file'),
    ('[store]\nurl = "sqlite:///x.db"\n', 2, 'store: url: expected "sqlite:" and the path of a file'),
    ('[store]\nurl = "sqlite:"\n', 2, 'store: url: expected "sqlite:" and the path of a file'),
    ("[store]\nkeep_items = 10\n", 2, "store: keep_items: expected at least site.feed_items (50), got 10"),
    ('[fetch]\nuser_agent_contact = "me"\n', 2, "fetch: user_agent_contact: expected an address"),
    ('[fetch]\nuser_agent_contact = "https://x.example/(a)"\n', 2, "fetch: user_agent_contact: expected an"),
    ('[fetch]\nallow_private = "10.0.0.0/8"\n', 2, "fetch: allow_private: expected a list such as"),
    # lists and tables: the line of the part at fault
    ('[fetch]\nallow_private = [\n  "10.0.0.0/8",\n  "10.0.0.1/8",\n]\n', 4, "fetch: allow_private: expected a "
     'network, got "10.0.0.1/8"; did you mean "10.0.0.0/8"?'),
    ('[fetch]\nallow_private = [\n  "a.lan",\n\n  # "b"\n  7]\n', 6, "fetch: allow_private: expected a host"),
    ('[fetch]\nallow_private = ["10.0.0.300"]\n', 2, "fetch: allow_private: expected a host"),
    ('[fetch]\nallow_private = ["127.0.0.1:0"]\n', 2, "fetch: allow_private: expected a port from 1"),
    ('[fetch]\none_host = "a.example"\n', 2, "fetch: one_host: expected a list such as"),
    ('[fetch]\none_host = [\n"a.example:80",\n]\n', 3, 'fetch: one_host: expected a domain name such as "blogs.example"'),
    ('[fetch]\none_host = ["127.0.0.1"]\n', 2, "fetch: one_host: expected a domain name"),
    ('[fetch]\none_host = ["[::1]"]\n', 2, "fetch: one_host: expected a domain name"),
    ('[fetch]\none_host = ["https://a.example"]\n', 2, "fetch: one_host: expected a domain name"),
    ('[fetch]\none_host = ["*.a.example"]\n', 2, "fetch: one_host: expected a domain name"),
    ('[fetch]\none_host = ["a..example"]\n', 2, "fetch: one_host: expected a domain name"),
    ('[fetch]\none_host = [""]\n', 2, "fetch: one_host: expected a domain name"),
    ('[fetch]\none_host = ["b.example",\n "A.B.example"]\n', 3, 'fetch: one_host: "a.b.example" is below "b.example"'),
    (source("headers = 'x'"), 4, 'source "acme": headers: expected a table such as'),
    (source('headers.Host = "x"'), 4, 'source "acme": headers.Host: this header is the aggregator\'s own'),
    (source("[source.headers]", 'Accept = "a"', 'accept = "b"'), 6, 'source "acme": headers.accept: the same'),
    (source("[source.headers]", '"X Y" = "a"'), 5, 'source "acme": headers."X Y": expected the name of a header'),
    # addresses of sources
    ('[[source]]\nname = "a"\nurl = "ftp://x.example/"\n', 3, 'source "a": url: expected an address such as'),
    ('[[source]]\nname = "a"\nurl = "https:///x"\n', 3, 'source "a": url: expected an address such as'),
    ('[[source]]\nname = "a"\nurl = "https://x.example:99999/"\n', 3, 'source "a": url: expected an address such as'),
    ('[[source]]\nname = "a"\nurl = "http://[::1/"\n', 3, 'source "a": url: expected an address such as'),
    ('[[source]]\nname = "a"\nurl = "http://x.example/a b"\n', 3, 'source "a": url: expected an address without blanks'),
    ('[[source]]\nname = "a"\nurl = "file:"\n', 3, 'source "a": url: expected the path of a file'),
    ('[[source]]\nname = "a"\nurl = "file://host/x"\n', 3, 'source "a": url: expected a file of this machine'),
    (f'[[source]]\nname = "a"\nurl = "http://x.example/{"y" * 8000}"\n', 3, 'source "a": url: expected at most 8000'),
    # names
    ('[[source]]\nname = "Acme"\nurl = "http://x.example/"\n', 2, 'source "Acme": name: expected a name of at most 80'),
    ('[[source]]\nname = "a/b"\nurl = "http://x.example/"\n', 2, 'source "a/b": name: expected a name'),
    ('[[source]]\nname = "a.atom"\nurl = "http://x.example/"\n', 2, 'source "a.atom": name: expected a name that'),
    (f'[[source]]\nname = "{"a" * 81}"\nurl = "http://x.example/"\n', 2, f'source "{"a" * 75}…": name: expected'),
    ('[[source]]\nname = 7\nurl = "http://x.example/"\n', 2, "source 1: name: expected a name of at most 80"),
    ('[[source]]\nname = "a"\n', 1, 'source "a": url: expected in every [[source]], got none'),
    ('\n[[source]]\nurl = "http://x.example/"\n', 2, "source 1: name: expected in every [[source]], got none"),
    (source() + source(), 5, 'source "acme": name: already taken at line 2'),
    # intervals
    (source('every = "1m"'), 4, 'source "acme": every: 1m is below fetch.min_every (5m)'),
    ('[defaults]\nevery = "1m"\n', 2, "defaults: every: 1m is below fetch.min_every (5m)"),
    ('[fetch]\nmin_every = "2h"\n[category.a]\nevery = "1h"\n', 4, 'category "a": every: 1h is below fetch.min'),
    (source('every = "2h"', 'max_every = "1h"'), 5, 'source "acme": max_every: 1h is below every (2h)'),
    ('[defaults]\nmax_every = "10m"\n', 2, "defaults: max_every: 10m is below every (1h)"),
    ('[defaults]\nevery = "2h"\n[category.a]\nmax_every = "1h"\n', 4, 'category "a": max_every: 1h is below every'),
    # Unicode: the composed and the decomposed form of one path
    ('[category."caf\u00e9"]\n[category."cafe\u0301"]\n', 2, 'category "cafe\u0301": the same category as another'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), SINGLE)
def test_one_problem_has_its_line_and_place(text: str, line: int, message: str) -> None:
    found = said(text)
    assert len(found) == 1
    assert found[0].startswith(f"feeds.toml:{line}: {message}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\na = 2\n", 2),
        ("[site]\ntitle = 'a'\n\n[site]\n", 4),
        ("[defaults]\n\nevery = 15m\n", 3),
        ('[site]\ntitle = "x\n', 2),
        ('[site]\n# "\ntitle = """\nfoo\n\n\n', 3),
        ("[fetch]\nallow_private = [\n 'a',\n\n\n", 2),
        ("[site]\ntitle = {a = 1\n", 2),
        ("[site\n", 1),
        ('x = "\\q"\n', 1),
        ("x = 2026-13-45\n", 1),
    ],
)
def test_text_that_is_no_toml_has_its_line(text: str, line: int) -> None:
    found = said(text)
    assert len(found) == 1
    assert found[0].startswith(f"feeds.toml:{line}: not valid TOML: ")


def test_nesting_beyond_reason_is_a_problem_and_no_crash() -> None:
    assert said("a = " + "[" * 20000) == ["feeds.toml: not valid TOML: nested too deeply"]


def test_all_problems_come_at_once_in_the_order_of_their_lines() -> None:
    text = (
        source('every = "soon"', 'headers = {A = {env = "GONE"}, Host = "x"}')
        + '[site]\nfeed_items = "50"\n[fetch]\ntimeout = 5\nmin_every = 1\n'
    )
    assert [message.split(": expected")[0] for message in said(text)] == [
        'feeds.toml:4: source "acme": every',
        'feeds.toml:5: source "acme": headers.A: the environment variable GONE is not set',
        'feeds.toml:5: source "acme": headers.Host: this header is the aggregator\'s own to send',
        "feeds.toml:7: site: feed_items",
        "feeds.toml:9: fetch: timeout",
        "feeds.toml:10: fetch: min_every",
    ]


def test_a_wrong_floor_is_not_held_against_intervals() -> None:
    found = said(source('every = "1s"') + "[fetch]\nmin_every = 1\n")
    assert len(found) == 1
    assert "fetch: min_every" in found[0]


@pytest.mark.parametrize("url", ["https://ann:hunter2@x.example/", "ftp://ann:hunter2@x.example/"])
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    found = said(f'[[source]]\nname = "a"\nurl = "{url}"\n')
    assert len(found) == 1
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    "value",
    [
        "'hunter2\u00e9'",
        '"hunter2\\r\\nX-Evil: 1"',
        '["hunter2"]',
        '{token = "hunter2"}',
        "{env = 'T'}",
        "{file = 'f'}",
    ],
)
def test_a_wrong_header_value_is_never_repeated(value: str) -> None:
    found = said(source(f"headers.Authorization = {value}"), env={"T": "hunter2\nX-Evil: 1"})
    assert len(found) == 1
    assert found[0].startswith('feeds.toml:4: source "acme": headers.Authorization: ')
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("'hunter2'", "expected at least 16 characters of printable ASCII without blanks"),
        ("''", "expected at least 16"),
        ("'hunter2 hunter2 hunter2'", "expected at least 16"),
        ("'hunter2\u00e9hunter2hunter2'", "expected printable ASCII on one line"),
        ("{env = 'T'}", "the environment variable T: expected printable ASCII on one line"),
        ("{env = 'SHORT'}", "expected at least 16"),
        ("{env = 'GONE'}", "the environment variable GONE is not set"),
        ("{file = 'f'}", "a secret in a file cannot be read here"),
        ("{hunter2 = 'hunter2'}", "expected a string, {env = "),
        ("1234567890123456", "expected a string, {env = "),
        ("2026-01-01", "expected a string, {env = "),
        ("['hunter2hunter2hunter2']", "expected a string, {env = "),
    ],
)
def test_a_wrong_token_is_never_repeated(value: str, what: str) -> None:
    found = said(f"[server]\ntoken = {value}", env={"T": "hunter2\nhunter2hunter2", "SHORT": "hunter2"})
    assert len(found) == 1
    assert found[0].startswith(f"feeds.toml:2: server: token: {what}")
    assert not re.search("hunter2|123|2026", found[0])


def test_secrets_that_cannot_be_had_are_named() -> None:
    def read_file(path: str) -> str:
        return Path(path).read_text(encoding="utf-8")

    text = source(
        "[source.headers]",
        'A = {env = "EMPTY"}',
        'B = {file = "no-such-file"}',
        'C = {env = "A", file = "B"}',
    )
    with pytest.raises(ConfigError) as caught:
        decode.load(text, file="f", directory="/no-such-place", env={"EMPTY": " "}, read_file=read_file)
    assert [problem.text for problem in caught.value.problems] == [
        "the environment variable EMPTY is empty",
        'the file "no-such-file" cannot be read: No such file or directory',
        'expected a string, {env = "NAME"} or {file = "path"}, got a table of another form',
    ]


def test_messages_stay_on_one_short_line() -> None:
    found = said(source(f'every = "a\\nb\\u001b[31m{"x" * 500}"'))
    assert len(found) == 1
    assert found[0].isprintable()
    assert len(found[0]) < 200
