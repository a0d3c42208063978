"""The manual and the shipped files say what the program does."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from aggregator.config import decode
from aggregator.config.key import Key
from aggregator.config.schema import SECTIONS
from aggregator.errors import ConfigError
from aggregator.model.settings import FetchSettings, ServerSettings, SiteSettings, StoreSettings
from aggregator.model.source import Source

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
HEADINGS = {"category": '## `[category."path"]`', "source": "## `[[source]]`"}


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
    header = {"category": "[category.a]", "source": "[[source]]"}.get(section, f"[{section}]")
    required = [line for line in ('name = "x"', 'url = "file:x"') if section == "source"]
    if key.name in ("select", "pages", "article", "body"):
        required += ['kind = "page"', 'select.item = "li"']
    lines = [line for line in required if not line.startswith((f"{key.name} ", f"{key.name}."))]
    text = "\n".join([header, *lines, f"{key.name} = {key.example}"])
    decode.load(text, file="f", directory="/d", env={"ACME_TOKEN": "x"})


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


def test_the_shipped_configuration_reads_the_shipped_examples() -> None:
    text = (ROOT / "feeds.toml").read_text(encoding="utf-8")
    config = decode.load(text, file="feeds.toml", directory=str(ROOT), env={})
    files = [source for source in config.sources if source.url.startswith("file:")]
    assert {source.url.removeprefix("file:") for source in files} == {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").iterdir()
    }
    assert {source.category.split("/")[0] for source in files} == {"examples"}
    assert {source.category.split("/")[0] for source in config.sources} > {"examples"}


def test_the_shipped_examples_are_well_formed() -> None:
    for path in (ROOT / "examples").iterdir():
        data = path.read_bytes()
        if path.suffix == ".json":
            assert len(json.loads(data)["items"]) >= 5
        else:
            root = etree.fromstring(data)
            assert len([*root.iter("item", "{http://www.w3.org/2005/Atom}entry")]) >= 5
    assert (
        b"\xbd\xad\xc5\xcf" in (ROOT / "examples" / "finance-gbk.rss").read_bytes()
    )  # two characters in GBK
