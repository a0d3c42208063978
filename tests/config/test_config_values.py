"""What the settings become: defaults, precedence, paths, secrets, and the text `check` shows."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import decode
from aggregator.config.durations import format_duration, format_size, parse_duration, parse_size
from aggregator.config.effective import effective, tables
from aggregator.errors import ConfigError
from aggregator.model.settings import Config, FetchSettings, ServerSettings, SiteSettings

ROOT = Path(__file__).parents[2]


def load(text: str, **env: str) -> Config:
    return decode.load(text, file="feeds.toml", directory="/srv/wire", env=env)


def with_source(*lines: str) -> str:
    """The tables in ``lines``, in which NAME_AND_URL stands for a source's two required keys."""
    return "\n".join(lines).replace("NAME_AND_URL", 'name = "acme"\nurl = "https://acme.example/feed"') + "\n"


def test_an_empty_file_gives_the_defaults() -> None:
    config = load("")
    assert (config.site, config.server, config.fetch) == (SiteSettings(), ServerSettings(), FetchSettings())
    assert config.store.path == "/srv/wire/data/aggregator.db"
    assert (config.sources, config.categories) == ((), ())
    assert (config.file, config.directory) == ("feeds.toml", "/srv/wire")


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert load('\ufeff[site]\r\ntitle = "a"\r\n').site.title == "a"


def test_every_section_reaches_its_settings() -> None:
    config = load("""
[site]
title = " My wire "
base_url = "HTTPS://Wire.example/news//"
language = "zh-CN"
timezone = "Asia/Shanghai"
feed_items = 7
[store]
url = "sqlite:/var/lib/x.db"
keep_items = 7
[server]
listen = "[::1]:0"
[fetch]
concurrency = 3
per_host = 1
min_gap = "0s"
one_host = ["Blogs.example.", "新闻.example", "blogs.EXAMPLE"]
min_every = "1s"
timeout = "1m30s"
connect_timeout = "500ms"
idle_timeout = "2s"
max_redirects = 0
max_body = "1.5MiB"
max_wire = "10MB"
allow_private = ["LocalHost", "nas.lan:9000", "127.0.0.1",
  "127.0.0.1:9000", "[0::1]:80", "::1", "10.0.0.0/8", "fd00::/8"]
user_agent_contact = "mailto:me@wire.example"
ca_file = "certs/own.pem"
""")
    assert config.site == SiteSettings(
        title="My wire",
        base_url="https://Wire.example/news",
        language="zh-CN",
        timezone="Asia/Shanghai",
        feed_items=7,
    )
    assert (config.store.path, config.store.keep_items) == ("/var/lib/x.db", 7)
    assert config.server == ServerSettings(host="::1", port=0)
    assert config.fetch == FetchSettings(
        concurrency=3,
        per_host=1,
        min_gap_s=0.0,
        one_host=("blogs.example", "xn--efvy88h.example"),
        min_every_s=1.0,
        timeout_s=90.0,
        connect_timeout_s=0.5,
        idle_timeout_s=2.0,
        max_redirects=0,
        max_body_bytes=1572864,
        max_wire_bytes=10_000_000,
        allow_private=(
            "localhost",
            "nas.lan:9000",
            "127.0.0.1",
            "127.0.0.1:9000",
            "[::1]:80",
            "::1",
            "10.0.0.0/8",
            "fd00::/8",
        ),
        user_agent_contact="mailto:me@wire.example",
        ca_file="/srv/wire/certs/own.pem",
    )


def test_categories_are_all_paths_with_their_ancestors() -> None:
    config = load(
        with_source(
            '[category."finance/cs/news"]\ntitle = "资讯"',
            "[category.empty]",
            '[[source]]\nNAME_AND_URL\ncategory = "新闻/हिन्दी/A_b.c-d"',
        )
    )
    assert [(category.path, category.title) for category in config.categories] == [
        ("empty", "empty"),
        ("finance", "finance"),
        ("finance/cs", "cs"),
        ("finance/cs/news", "资讯"),
        ("新闻", "新闻"),
        ("新闻/हिन्दी", "हिन्दी"),
        ("新闻/हिन्दी/A_b.c-d", "A_b.c-d"),
    ]


def test_one_category_in_two_unicode_forms_is_one() -> None:
    config = load(with_source('[category."caf\u00e9"]', '[[source]]\nNAME_AND_URL\ncategory = "cafe\u0301"'))
    assert [category.path for category in config.categories] == ["caf\u00e9"]
    assert config.sources[0].category == "caf\u00e9"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("file:examples/news.rss", "file:examples/news.rss"),
        ("file:///srv/x.rss", "file:///srv/x.rss"),
        ("HTTP://x.example:8080/a?b=c&d=%20#e", "http://x.example:8080/a?b=c&d=%20#e"),
        ("https://新闻.example/源", "https://新闻.example/源"),
        ("http://[::1]:9000/", "http://[::1]:9000/"),
    ],
)
def test_a_sources_address_is_kept_as_written_but_for_the_scheme(url: str, kept: str) -> None:
    assert load(f'[[source]]\nname = "a"\nurl = "{url}"\n').sources[0].url == kept


LEVELS = ("[defaults]", "[category.a]", '[category."a/b"]', '[category."a/b/c"]', "[[source]]\nNAME_AND_URL")
KEYS = {
    "every": (
        "every_s",
        ['"10m"', '"20m"', '"30m"', '"40m"', '"50m"'],
        [600.0, 1200.0, 1800.0, 2400.0, 3000.0],
    ),
    "retry_after_on": (
        "retry_after_on",
        [f"[503, 429, {status}]" for status in (400, 401, 402, 403, 418)],
        [tuple(sorted((status, 429, 503))) for status in (400, 401, 402, 403, 418)],
    ),
    "retry_after_scope": (
        "retry_after_scope",
        ['"url"', '"host"'] * 2 + ['"url"'],
        ["url", "host"] * 2 + ["url"],
    ),
    "timeout": ("timeout_s", ['"1s"', '"2s"', '"3s"', '"4s"', '"5s"'], [1.0, 2.0, 3.0, 4.0, 5.0]),
    "max_body": ("max_body_bytes", [f'"{size}MB"' for size in range(1, 6)], [n * 10**6 for n in range(1, 6)]),
    "language": ("language", ['"en"', '"de"', '"fr"', '"zh"', '"ja"'], ["en", "de", "fr", "zh", "ja"]),
    "timezone": ("timezone", [f'"Etc/GMT-{n}"' for n in range(1, 6)], [f"Etc/GMT-{n}" for n in range(1, 6)]),
    "kind": ("kind", [f'"m:f{n}"' for n in range(5)], [f"m:f{n}" for n in range(5)]),
}
FALLBACK = {
    "every": 3600.0,
    "timeout": 7.0,
    "max_body": 2048,
    "language": None,
    "timezone": "Europe/Oslo",
    "kind": "feed",
    "retry_after_on": (429, 503),
    "retry_after_scope": "host",
}


@given(st.dictionaries(st.sampled_from(sorted(KEYS)), st.sets(st.integers(0, 4))))
def test_the_nearest_level_that_says_something_holds(said: dict[str, set[int]]) -> None:
    text = '[site]\ntimezone = "Europe/Oslo"\n[fetch]\ntimeout = "7s"\nmax_body = "2KiB"\n'
    for level, header in enumerate(LEVELS):
        text += f"{header}\n" + "".join(
            f"{key} = {KEYS[key][1][level]}\n" for key, levels in said.items() if level in levels
        )
    (source,) = load(with_source(text + 'category = "a/b/c"')).sources
    for key, (field, _, meant) in KEYS.items():
        levels = said.get(key)
        assert getattr(source, field) == (meant[max(levels)] if levels else FALLBACK[key])


def test_a_sibling_category_gives_nothing() -> None:
    config = load(
        with_source(
            '[category."a/x"]\nevery = "2h"',
            '[category.ab]\nevery = "3h"',
            '[[source]]\nNAME_AND_URL\ncategory = "a/b"',
        )
    )
    assert config.sources[0].every_s == 3600.0


def test_a_default_category_and_its_values_reach_sources_without_one() -> None:
    text = '[defaults]\ncategory = "a/b"\n[category.a]\nevery = "2h"\n[[source]]\nNAME_AND_URL'
    (source,) = load(with_source(text)).sources
    assert (source.category, source.every_s) == ("a/b", 7200.0)


@pytest.mark.parametrize(
    ("tables", "longest_s"),
    [
        ("[[source]]\nNAME_AND_URL", 8 * 3600.0),
        ('[[source]]\nNAME_AND_URL\nevery = "6h"', 86400.0),
        ('[[source]]\nNAME_AND_URL\nevery = "2d"', 2 * 86400.0),
        ('[[source]]\nNAME_AND_URL\nmax_every = "3d"', 3 * 86400.0),
        ('[defaults]\nmax_every = "2h"\n[[source]]\nNAME_AND_URL\nevery = "5h"', 5 * 3600.0),
        ('[fetch]\nmin_every = "4h"\n[[source]]\nNAME_AND_URL', 86400.0),
    ],
)
def test_the_longest_interval_is_never_below_the_shortest(tables: str, longest_s: float) -> None:
    (source,) = load(with_source(tables)).sources
    assert source.max_every_s == longest_s
    assert source.every_s <= longest_s


def test_a_floor_above_the_default_interval_raises_it() -> None:
    (source,) = load(with_source('[fetch]\nmin_every = "4h"\n[[source]]\nNAME_AND_URL')).sources
    assert source.every_s == 4 * 3600.0


def test_headers_are_merged_without_regard_to_case() -> None:
    (source,) = load(
        with_source(
            '[defaults]\nheaders = {Accept-Language = "en", Cookie = "a=1"}',
            '[category.x]\nheaders = {ACCEPT-LANGUAGE = "de"}',
            '[[source]]\nNAME_AND_URL\ncategory = "x"\nheaders.cookie = {env = "JAR"}',
        ),
        JAR=" b=2\n",
    ).sources
    assert source.headers == {"ACCEPT-LANGUAGE": "de", "cookie": "b=2"}


def test_a_secret_in_a_file_is_read_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("Bearer 123\n", encoding="utf-8")
    text = with_source('[[source]]\nNAME_AND_URL\nheaders.Authorization = {file = "secrets/token"}')
    config = decode.load(
        text,
        file="feeds.toml",
        directory=str(tmp_path),
        env={},
        read_file=lambda path: Path(path).read_text(encoding="utf-8"),
    )
    assert config.sources[0].headers == {"Authorization": "Bearer 123"}
    assert "123" not in repr(config)


def test_the_effective_text_is_the_same_configuration_again() -> None:
    config = load((ROOT / "feeds.toml").read_text(encoding="utf-8"))
    again = load(effective(config))
    assert again == config


def test_effective_values_hide_every_header() -> None:
    text = with_source('[[source]]\nNAME_AND_URL\nheaders = {A = "hunter2", B = {env = "S"}}')
    config = load(text, S="hunter3")
    assert tables(config)["source"][0]["headers"] == {"A": "***", "B": "***"}
    assert tomllib.loads(effective(config))["source"][0]["headers"] == {"A": "***", "B": "***"}
    assert "hunter" not in effective(config)


def test_the_token_is_a_secret_and_what_is_shown_is_none() -> None:
    for value in ('"hunter2-hunter2-hunter2"', '{env = "S"}'):
        config = load(f"[server]\ntoken = {value}", S=" hunter2-hunter2-hunter2\n")
        assert config.server == ServerSettings(token="hunter2-hunter2-hunter2")
        assert tables(config)["server"] == {"listen": "127.0.0.1:8080", "token": "***"}
        assert "hunter" not in effective(config) + repr(config)
        with pytest.raises(ConfigError, match="at least 16"):
            load(effective(config))


def test_effective_values_are_in_the_words_of_the_file() -> None:
    shown = tables(load(with_source('[[source]]\nNAME_AND_URL\nevery = "90m"\ncategory = "a/b"')))
    assert shown["server"] == {"listen": "127.0.0.1:8080"}
    assert shown["store"] == {"url": "sqlite:/srv/wire/data/aggregator.db", "keep_items": 5000}
    assert shown["category"] == {"a": {"title": "a"}, "a/b": {"title": "b"}}
    assert shown["source"] == [
        {
            "name": "acme",
            "url": "https://acme.example/feed",
            "category": "a/b",
            "kind": "feed",
            "every": "1h30m",
            "max_every": "12h",
            "timeout": "30s",
            "max_body": "15MiB",
        }
    ]


@given(st.integers(0, 10**11))
def test_durations_are_written_as_they_are_read(milliseconds: int) -> None:
    assert round(parse_duration(format_duration(milliseconds / 1000)) * 1000) == milliseconds


@given(st.integers(0, 2**30))
def test_sizes_are_written_as_they_are_read(size_bytes: int) -> None:
    assert parse_size(format_size(size_bytes)) == size_bytes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15m", 900), ("1h30m", 5400), ("45s", 45),
     ("2d", 172800), ("1w", 604800), ("500ms", 0.5), ("1.5h", 5400), ("1m1ms", 60.001)],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "m", "-5m", "5 m", "30m1h", "5m5m", "5M", "٥m", "1e3s", "inf", "5min"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "15", "MiB", "-5MB", "5 MB", "5mb", "5M", "1e3B", "5MB5kB"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)
