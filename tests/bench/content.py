"""Feeds that look like real ones, the same for the same seed on every machine and in every process.

Nine in ten are RSS 2.0, half of these with a summary beside the content, the rest are Atom; every third is
Chinese. An item has 2 to 4 kB of HTML: paragraphs with links and emphasis, pictures, lists, quotations,
tables, a tracking pixel, and entities of both kinds.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape

from tests.bench.words import CHINESE, ENGLISH, PEOPLE, TAGS

ITEMS = 20  # in a feed, always the newest
NEWEST_AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
SENTENCES = 600
ENTITIES = ("&amp;", "&mdash;", "&hellip;", "&#8217;", "&nbsp;", "&eacute;", "&lt;b&gt;", "&quot;")


def language(feed: int) -> str:
    return "zh" if feed % 3 == 2 else "en"


def is_atom(feed: int) -> bool:
    return feed % 10 == 7


@cache
def _sentences(lang: str, seed: int) -> tuple[str, ...]:
    """Plain sentences, some with a character reference as an editor's program leaves them."""
    chance = random.Random(f"{seed} {lang}")
    made = []
    for _ in range(SENTENCES):
        if lang == "zh":
            words = chance.choices(CHINESE, k=chance.randint(6, 16))
            words.insert(chance.randint(2, 5), "，")
            text = "".join(words) + "。"
        else:
            words = chance.choices(ENGLISH, k=chance.randint(8, 20))
            text = " ".join(words).capitalize() + ". "
        if chance.random() < 0.2:
            text += chance.choice(ENTITIES) + (" " if lang == "en" else "")
        made.append(text)
    return tuple(made)


def _article(chance: random.Random, home: str, sentences: tuple[str, ...]) -> str:
    """HTML of 2,000 to 4,000 octets."""
    target = chance.randint(2000, 3400)
    blocks: list[str] = []
    size = 0
    while size < target:
        block = _block(chance, home, sentences)
        blocks.append(block)
        size += len(block.encode()) + 1
    return "\n".join(blocks)


def article(number: int, seed: int = 1) -> str:
    """The text of one article in Chinese."""
    chance = random.Random(f"{seed} article {number}")
    return _article(chance, "https://portal.example", _sentences("zh", seed))


def _block(chance: random.Random, home: str, sentences: tuple[str, ...]) -> str:
    """One block of at most some 1,000 octets, as often as articles have it."""
    kind = chance.random()
    number = chance.randint(1000, 9999)
    one, two, three, four = chance.choices(sentences, k=4)
    if kind < 0.60:
        address = f"{home}/topic/{number}?utm_source=rss&amp;utm_medium=feed&amp;id={number}"
        link = f'<a href="{address}">{two.strip()}</a>'
        return f'<p class="text" style="margin:0 0 1em">{one}{link} {three}<em>{four.strip()}</em></p>'
    if kind < 0.72:
        source = f"/media/{number}/photo"
        return (
            f'<figure><img src="{source}.jpg" srcset="{source}-2x.jpg 2x" width="1200" height="800" '
            f'alt="{escape(one[:30])}" loading="lazy"><figcaption>{one}</figcaption></figure>'
        )
    if kind < 0.84:
        return "<ul>" + "".join(f"<li>{text}</li>" for text in (one, two, three)) + "</ul>"
    if kind < 0.90:
        return f"<blockquote><p>{one}{two}</p></blockquote>"
    if kind < 0.94:
        rows = f"<tr><th>{number}</th><td>{one}</td></tr><tr><th>{number + 1}</th><td>{two}</td></tr>"
        return f"<table>{rows}</table>"
    if kind < 0.98:
        return f'<h3 id="s{number}">{one.strip()}</h3><p>{two}<br>{three}<code>x &lt; {number}</code></p>'
    return f'<p>{one}</p><img src="https://pixel.example/t.gif?n={number}" width="1" height="1" alt="">'


def _item(feed: int, number: int, seed: int) -> dict[str, str]:
    """The item ``number`` of a feed; 0 is its oldest."""
    chance = random.Random(f"{seed} {feed} {number}")
    lang = language(feed)
    sentences = _sentences(lang, seed)
    home = f"https://site-{feed}.example"
    at = NEWEST_AT - timedelta(minutes=97 * (ITEMS - number) + feed % 60)
    return {
        "guid": f"{home}/?p={10_000 + number}",
        "link": f"{home}/2024/05/story-{number}.html?utm_source=rss&utm_campaign=feed-{feed}",
        "title": chance.choice(sentences).strip().rstrip(".。")[:80] + f" ({number})",
        "author": chance.choice(PEOPLE[lang]),
        "tag": chance.choice(TAGS[lang]),
        "summary": chance.choice(sentences) + chance.choice(sentences),
        "content": _article(chance, home, sentences),
        "rfc822": format_datetime(at, usegmt=True),
        "rfc3339": at.isoformat().replace("+00:00", "Z"),
        "enclosure": str(chance.randint(10**6, 10**8)) if chance.random() < 0.1 else "",
    }


def _rss_item(item: dict[str, str], feed: int) -> str:
    if feed % 2:
        text = (
            f"<description>{escape(item['summary'])}</description>\n"
            f"<content:encoded><![CDATA[{item['content']}]]></content:encoded>"
        )
    else:
        text = f"<description>{escape(item['content'])}</description>"
    enclosure = ""
    if item["enclosure"]:
        address = f"https://cdn.example/{feed}/{item['enclosure']}.mp3"
        enclosure = f'\n<enclosure url="{address}" type="audio/mpeg" length="{item["enclosure"]}"/>'
    return (
        f"<item>\n<title>{escape(item['title'])}</title>\n<link>{escape(item['link'])}</link>\n"
        f'<guid isPermaLink="false">{escape(item["guid"])}</guid>\n<pubDate>{item["rfc822"]}</pubDate>\n'
        f"<dc:creator>{item['author']}</dc:creator>\n<category>{escape(item['tag'])}</category>\n"
        f"{text}{enclosure}\n</item>\n"
    )


def _atom_entry(item: dict[str, str]) -> str:
    return (
        f'<entry>\n<title type="html">{escape(item["title"])}</title>\n'
        f'<link rel="alternate" type="text/html" href="{escape(item["link"])}"/>\n'
        f"<id>{escape(item['guid'])}</id>\n<published>{item['rfc3339']}</published>\n"
        f"<updated>{item['rfc3339']}</updated>\n<author><name>{item['author']}</name></author>\n"
        f'<category term="{escape(item["tag"])}"/>\n'
        f'<summary type="html">{escape(item["summary"])}</summary>\n'
        f'<content type="html">{escape(item["content"])}</content>\n</entry>\n'
    )


def document(feed: int, added: int, seed: int) -> bytes:
    """The document of one feed, its 20 newest items, newest first, after ``added`` were published."""
    home, lang = f"https://site-{feed}.example", language(feed)
    name = f"{'新闻频道' if lang == 'zh' else 'The Daily Wire'} {feed}"
    items = [_item(feed, number, seed) for number in range(ITEMS + added - 1, added - 1, -1)]
    if is_atom(feed):
        return (
            f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
            f'xml:lang="{lang}">\n<title>{name}</title>\n<id>{home}/feed</id>\n<link href="{home}/"/>\n'
            f'<link rel="self" href="{home}/feed"/>\n<updated>{items[0]["rfc3339"]}</updated>\n'
            + "".join(map(_atom_entry, items))
            + "</feed>\n"
        ).encode()
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n<channel>\n'
        f"<title>{name}</title>\n<link>{home}/</link>\n<description>{name}</description>\n"
        f"<language>{lang}</language>\n"
        f'<atom:link href="{home}/feed" rel="self" type="application/rss+xml"/>\n'
        f"<lastBuildDate>{items[0]['rfc822']}</lastBuildDate>\n"
        + "".join(_rss_item(item, feed) for item in items)
        + "</channel>\n</rss>\n"
    ).encode()
