"""What pages and APIs are read by: checked when the configuration is read."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from aggregator.config import decode, effective
from aggregator.errors import ConfigError
from aggregator.model.settings import Config
from aggregator.model.source import Article, Clean, Paging, Select

HEAD = '[[source]]\nname = "acme"\nurl = "https://acme.example/news"\n'


def load(text: str) -> Config:
    return decode.load(HEAD + text, file="feeds.toml", directory="/d", env={})


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return [str(problem) for problem in caught.value.problems]


PAGE = 'kind = "page"\nselect.item = "ul > li"\nselect.link = "a@href"\npages.next = "a.next@href"\n'
API = (
    'kind = "api"\nselect.items = "data.record"\nselect.link = "https://acme.example/{id}"\n'
    'pages.parameter = "p"\npages.start = 0\npages.limit = 3\nbody = "a=1"\n'
)


def test_a_page() -> None:
    (source,) = load(PAGE).sources
    assert (source.kind, source.select) == ("page", Select(items="ul > li", link="a@href"))
    assert source.paging == Paging(limit=5, next="a.next@href")


def test_an_api() -> None:
    (source,) = load(API).sources
    assert source.select == Select(items="data.record", link="https://acme.example/{id}")
    assert source.paging == Paging(limit=3, parameter="p", start=0, step=1)
    assert source.body == "a=1"


CLEAN = (
    'clean.remove = ["[style*=none]", ".ad"]\nclean.unwrap = "a.keytip"\n'
    'clean.replace = [["a", "b"]]\nclean.drop_empty = true\n'
)


def test_what_is_taken_out_of_texts() -> None:
    (source,) = load(CLEAN).sources
    assert source.clean == Clean(
        remove=("[style*=none]", ".ad"), unwrap=("a.keytip",), replace=(("a", "b"),), drop_empty=True
    )


@pytest.mark.parametrize("text", [PAGE, API, CLEAN, 'kind = "page"\nselect.item = "li"\n'])
def test_effective_values_read_back_the_same(text: str) -> None:
    config = load(text)
    again = decode.load(effective.effective(config), file="feeds.toml", directory="/d", env={})
    assert again.sources == config.sources


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'kind = "page"',
            ['feeds.toml:1: source "acme": select: expected in every [[source]] of kind "page", got none'],
        ),
        (
            'select.item = "li"',
            ['feeds.toml:4: source "acme": select: only for kinds "page" and "api", not "feed"'],
        ),
        ('body = "x"', ['feeds.toml:4: source "acme": body: only for kinds "page" and "api", not "feed"']),
        (
            'kind = "page"\nselect.items = "li"',
            [
                'feeds.toml:5: source "acme": select.items: unknown key; did you mean "item"?',
                'feeds.toml:5: source "acme": select: expected "item", which finds the items, got none',
            ],
        ),
        (
            'kind = "page"\nselect.item = "li"\nselect.titel = "a"',
            ['feeds.toml:6: source "acme": select.titel: unknown key; did you mean "title"?'],
        ),
        (
            'kind = "page"\nselect.item = "li"\npages.limit = 2',
            ['feeds.toml:6: source "acme": pages.limit: expected next or parameter beside it'],
        ),
        (
            'kind = "page"\nselect.item = "li"\npages.limit = 0\npages.next = "a@href"',
            ['feeds.toml:6: source "acme": pages.limit: expected a whole number from 1 to 100, got 0'],
        ),
        (
            'kind = "page"\nselect.item = "li"\npages.parameter = "p"\npages.next = "a@href"',
            ['feeds.toml:6: source "acme": pages.parameter: expected either next or parameter, got both'],
        ),
        (
            'clean.remov = "a"\nclean.drop_empty = 1\nclean.replace = [["", "x"]]\nclean.unwrap = ["a@href"]',
            [
                'feeds.toml:4: source "acme": clean.remov: unknown key; did you mean "remove"?',
                'feeds.toml:5: source "acme": clean.drop_empty: expected true or false, got 1',
                'feeds.toml:6: source "acme": clean.replace: expected a text to be replaced, got an '
                "empty one",
                'feeds.toml:7: source "acme": clean.unwrap: expected a CSS selector, or a list such as '
                '["script", ".advert"]: a selector of elements is needed, without @attribute',
            ],
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_articles_in_files_belong_to_a_listing_in_a_file() -> None:
    text = 'kind = "api"\nselect.items = "a"\narticle.content = "text"\narticle.url = "file:x/{id}"'
    assert problems(text) == [
        'feeds.toml:7: source "acme": article.url: expected an http or https address, since the listing is '
        'no file, got "file:x/{id}"'
    ]
    own = '[[source]]\nname = "acme"\nurl = "file:list.json"\n' + text
    (source,) = decode.load(own, file="feeds.toml", directory="/d", env={}).sources
    assert source.local_articles
    (source,) = load(API + 'article.content = "text"').sources
    assert not source.local_articles


@pytest.mark.parametrize("selector", ["li >", "li:contains('x')", "a@", "a@b c", "[["])
def test_a_selector_that_cannot_be_used(selector: str) -> None:
    (problem,) = problems(f'kind = "page"\nselect.item = "li"\nselect.title = {effective._value(selector)}')
    assert problem.startswith('feeds.toml:6: source "acme": select.title: expected a CSS selector')


@pytest.mark.parametrize("expression", ["a[", "a..b", "https://a.example/{b[}"])
def test_an_expression_that_cannot_be_used(expression: str) -> None:
    (problem,) = problems(f'kind = "api"\nselect.items = "a"\nselect.link = {effective._value(expression)}')
    assert problem.startswith('feeds.toml:6: source "acme": select.link: expected a JMESPath expression')


needs_the_extra = pytest.mark.skipif(find_spec("trafilatura") is None, reason="needs the extra fulltext")
FULL = "full_text = true\n"
BOTH = (
    "expected either full_text or article.content, got both; drop article.content to have the text found, "
    "or full_text to have what article.content finds"
)


@needs_the_extra
@pytest.mark.parametrize("kind", ["", 'kind = "my.wire:crawl"\n', PAGE, API])
def test_full_text_of_any_kind(kind: str) -> None:
    (source,) = load(kind + FULL + 'article.remove = ".ad"\narticle.limit = 5\narticle.wait = "1m"').sources
    assert (source.full_text, source.article) == (True, Article(remove=(".ad",), limit=5, wait_s=60.0))
    (source,) = load(kind + FULL).sources
    assert source.article == Article()
    assert Article().content is None


@needs_the_extra
def test_full_text_is_inherited_and_gives_way_to_what_a_source_says() -> None:
    second, third = (f'[[source]]\nname = "{name}"\nurl = "file:{name}"\n' for name in "bc")
    found = load(f'article.content = "p"\n{second}{third}full_text = false\n[defaults]\n{FULL}').sources
    assert [source.full_text for source in found] == [False, True, False]
    assert [source.article for source in found] == [Article(content="p"), Article(), None]
    config = load(f'category = "x"\n[category.x]\n{FULL}')
    assert config.sources[0].article == Article()


@needs_the_extra
@pytest.mark.parametrize(
    "text",
    [FULL, FULL + "article.limit = 5", PAGE + FULL, API + FULL + 'article.url = "https://a.example/{id}"'],
)
def test_full_text_reads_back_the_same(text: str) -> None:
    config = load(text)
    again = decode.load(effective.effective(config), file="feeds.toml", directory="/d", env={})
    assert again.sources == config.sources


@needs_the_extra
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FULL + 'article.content = "p"', [f'feeds.toml:4: source "acme": full_text: {BOTH}']),
        ('full_text = "yes"', ['feeds.toml:4: source "acme": full_text: expected true or false, got "yes"']),
        (
            "full_text = false\narticle.limit = 5",
            [
                'feeds.toml:5: source "acme": article: expected "content", which finds the text of the '
                "article, or full_text, got none"
            ],
        ),
        (
            FULL + 'kind = "my.wire:crawl"\narticle.url = "x"',
            ['feeds.toml:6: source "acme": article.url: only for kind "api"'],
        ),
    ],
)
def test_what_is_wrong_with_full_text(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize("head", ["", "[defaults]\n", "[category.x]\n"])
def test_full_text_without_its_library(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (problem,) = problems(head + FULL)
    assert problem.endswith("full_text: this needs trafilatura; pip install 'aggregator[fulltext]'")
    assert load("full_text = false").sources[0].article is None
