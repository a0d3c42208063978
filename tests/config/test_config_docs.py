"""The manual and the shipped files say what the program does."""

import json
import re
import tomllib
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from aggregator.config import decode
from aggregator.config.key import Key
from aggregator.config.schema import SECTIONS
from aggregator.errors import ConfigError
from aggregator.model.document import Document
from aggregator.model.settings import Config, FetchSettings, ServerSettings, SiteSettings, StoreSettings
from aggregator.model.source import Source
from aggregator.parse import api, page

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
HEADINGS = {
    "category": '## `[category."path"]`',
    "source": "## `[[source]]`",
    "export": "## `[[export]]`",
}


def row(key: Key) -> str:
    """The line of the manual that documents ``key``."""
    literal = key.default.isdigit() or key.default[0] + key.default[-1] in ('""', "[]", "{}")
    default = f"`{key.default}`" if literal else key.default
    return f"| `{key.name}` | {key.type} | {default} | {key.meaning} | `{key.example}` |"


def documented(section: str) -> list[str]:
    """The rows of the first table below the section's heading."""
    after = MANUAL.split(HEADINGS.get(section, f"## `[{section}]`") + "\n")[1]
    table = re.search(r"\| key \|.*\n\|[-|]+\n((?:\|.*\n)*)", after)
    assert table is not None
    return table[1].splitlines()


@pytest.mark.parametrize("section", SECTIONS)
def test_the_manual_has_each_key_and_no_other(section: str) -> None:
    assert documented(section) == [row(key) for key in SECTIONS[section].values()]


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("site", SiteSettings()),
        ("store", StoreSettings()),
        ("fetch", FetchSettings()),
        ("source", Source(name="a", url="file:a")),
    ],
)
def test_defaults_are_those_of_the_model(section: str, settings: object) -> None:
    for key in SECTIONS[section].values():
        default = getattr(settings, key.field)
        if key.default[0] in '"[{0123456789' and " " not in key.default:
            read = key.read(tomllib.loads(f"value = {key.default}")["value"])
            assert read == default, key.name
        elif key.default.startswith("none"):
            assert not default, key.name


def test_the_default_listener_is_that_of_the_model() -> None:
    key = SECTIONS["server"]["listen"]
    model = ServerSettings()
    assert key.read(tomllib.loads(f"value = {key.default}")["value"]) == (model.host, model.port)


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, keys in SECTIONS.items() for key in keys.values()]
)
def test_each_example_is_valid_where_it_stands(section: str, key: Key) -> None:
    if key.name == "full_text" and find_spec("trafilatura") is None:
        pytest.skip("needs the extra fulltext")
    header = {"category": "[category.a]"}.get(section, HEADINGS.get(section, f"[{section}]").strip("#` "))
    required = {
        "source": ['name = "x"', 'url = "file:x"'],
        "export": ['directory = "x"', 'format = "hexo"'],
    }.get(section, [])
    if key.name in ("select", "pages", "article", "body"):
        required += ['kind = "page"', 'select.item = "li"']
    lines = [line for line in required if not line.startswith((f"{key.name} ", f"{key.name}."))]
    text = "\n".join([header, *lines, f"{key.name} = {key.example}"])
    decode.load(text, file="f", directory="/d", env={"ACME_TOKEN": "x", "READERS_TOKEN": "x" * 16})


def test_the_manuals_examples_are_valid() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        env = {"ACME_AUTHORIZATION": "Bearer x"}
        decode.load(block, file="f", directory="/d", env=env, read_file=lambda path: "a=b")


def test_the_manuals_messages_are_the_programs() -> None:
    text = "\n" * 38 + '[[source]]\nname = "acme"\nurl = "file:x"\nevery = 15\n'
    with pytest.raises(ConfigError) as caught:
        decode.load(text, file="feeds.toml", directory="/d", env={})
    assert str(caught.value) in MANUAL.splitlines()


WITH_AN_EMPTY_RECORD = "examples/wire/newmarket.json"


def shipped() -> Config:
    text = (ROOT / "feeds.toml").read_text(encoding="utf-8")
    return decode.load(text, file="feeds.toml", directory=str(ROOT), env={})


def examples() -> list[str]:
    """Every file of the examples, as a path relative to the configuration."""
    return [path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").rglob("*") if not path.is_dir()]


def listed(source: Source) -> Document:
    """What a source of kind page or api reads in its file."""
    assert source.select is not None
    read = {"page": page.listing, "api": api.listing}[source.kind]
    data = (ROOT / source.url.removeprefix("file:")).read_bytes()
    now = datetime(2026, 3, 15, tzinfo=UTC)
    return read(data, None, source.url, source.select, now=now, timezone=source.timezone).document


def test_the_shipped_configuration_reads_the_shipped_examples() -> None:
    config = shipped()
    files = [source for source in config.sources if source.url.startswith("file:")]
    with_articles = [source for source in files if source.article]
    articles = [entry.article or "none" for source in with_articles for entry in listed(source).entries]
    named = [*(source.url for source in files), *articles]
    assert sorted(url.removeprefix("file:") for url in named) == sorted(examples())
    assert {source.category.split("/")[0] for source in files} == {"examples"}
    assert {source.category.split("/")[0] for source in config.sources} > {"examples"}


def test_the_shipped_examples_are_well_formed() -> None:
    sources = {source.url.removeprefix("file:"): source for source in shipped().sources}
    for name in examples():
        data = (ROOT / name).read_bytes()
        source = sources.get(name)
        if source is None:  # an article
            (text,) = {"content", "text"} & json.loads(data).keys()
            assert json.loads(data)[text].strip()
        elif source.select is not None:
            found = listed(source)
            assert len(found.entries) >= 5
            assert [drop.reason for drop in found.drops] == ["no-title"] * (name == WITH_AN_EMPTY_RECORD)
            assert all(entry.published and entry.publisher and entry.link for entry in found.entries)
        elif name.endswith(".json"):
            assert len(json.loads(data)["items"]) >= 5
        else:
            root = etree.fromstring(data)
            assert len([*root.iter("item", "{http://www.w3.org/2005/Atom}entry")]) >= 5
    assert (
        b"\xbd\xad\xc5\xcf" in (ROOT / "examples" / "finance-gbk.rss").read_bytes()
    )  # two characters in GBK
