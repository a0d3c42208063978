"""Addresses: configured ones that lead inside, and those in documents, which nobody asked us to ask for."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

from tests.hostile.case import Case, Expect, Places, Script, fails, feed, item, reads
from tests.origin import Response

PRIVATE = fails("fetch", "RefusedError", "private address")
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
HEAD = f"""
<link>INSIDE/home</link><docs>INSIDE/docs</docs><image><url>INSIDE/i.png</url><link>INSIDE/l</link></image>
<cloud domain='127.0.0.66' port='80' path='/' registerProcedure='x' protocol='http-post'/>
<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='self' href='INSIDE/self'/>
<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='hub' href='INSIDE/hub'/>
<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='next' href='INSIDE/next'/>
<itunes:new-feed-url xmlns:itunes='{ITUNES}'>INSIDE/new</itunes:new-feed-url>
<itunes:image xmlns:itunes='{ITUNES}' href='INSIDE/art.png'/>
"""
ITEM = """
<enclosure url='INSIDE/a.mp3' type='audio/mpeg' length='5'/><comments>INSIDE/comments</comments>
<source url='INSIDE/source'>S</source><wfw:commentRss xmlns:wfw='http://wellformedweb.org/CommentAPI/'>INSIDE/c</wfw:commentRss>
<description>&lt;img src='INSIDE/x.png'>&lt;iframe src='INSIDE/f'>&lt;/iframe>words</description>
"""


def pointing(document: bytes | str) -> Script:
    """A document in which INSIDE is an address that nobody may ask for."""
    text = document.decode() if isinstance(document, bytes) else document
    return lambda places: Response(body=text.replace("INSIDE", places.inside).encode())


def configured(name: str, host: str, expect: Expect = PRIVATE) -> Case:
    def at(places: Places) -> str:
        return f"http://{host}:{places.inside_port}/feed"

    return Case(name=f"configured-{name}", at=at, expect=expect, turned=False)


PAGE = "<ul><li><a href='http://site.example/1'>A title</a></li></ul><a class='next' href='INSIDE/2'>more</a>"

CASES = (
    configured("inside", "127.0.0.66"),
    configured("mapped", "[::ffff:127.0.0.66]"),
    configured("all-interfaces", "0.0.0.0"),
    configured("full-width", "127。0。0。66"),
    configured("as-a-number", "2130706498", fails("fetch", "NetworkError|RefusedError")),
    configured("private-network", "192.168.0.1"),
    configured("metadata", "169.254.169.254"),
    configured("translated", "[64:ff9b::7f00:42]"),
    Case(
        name="points-inside-from-everywhere",
        answer=pointing(feed(item(ITEM, link="INSIDE/item", guid="i"), head=HEAD)),
        expect=reads(1),
    ),
    Case(
        name="atom-points-inside",
        answer=pointing(
            "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='INSIDE/'><link rel='self' href='self'/><icon>i.ico</icon>"
            "<link rel='next' href='next'/><link rel='hub' href='hub'/><entry><id>e</id><title>T</title>"
            "<content src='INSIDE/content' type='text/html'/><link rel='enclosure' href='a.mp3'/></entry></feed>"
        ),
        expect=reads(1),
    ),
    Case(
        name="json-points-inside",
        answer=pointing(
            '{"version": "https://jsonfeed.org/version/1.1", "feed_url": "INSIDE/f", "next_url": "INSIDE/n", "icon": "INSIDE/i",'
            '"hubs": [{"type": "WebSub", "url": "INSIDE/h"}], "items": [{"id": "1", "title": "T", "url": "INSIDE/1"}]}'
        ),
        expect=reads(1),
    ),
    Case(
        name="articles-inside",
        turned=False,
        answer=pointing(feed(item(link="INSIDE/article", guid="a"))),
        keys={"full_text": True},
        expect=reads(1),
        titles=("T",),
    ),
    Case(
        name="articles-lead-inside",
        turned=False,
        answer=lambda places: Response(body=feed(item(link=f"{places.other}/inside", guid="a"))),
        keys={"full_text": True},
        expect=reads(1),
        titles=("T",),
    ),
    Case(
        name="articles-in-files",
        turned=False,
        answer=feed(item(link="file:///etc/passwd", guid="a")),
        keys={"full_text": True},
        expect=reads(1),
        titles=("T",),
    ),
    Case(
        name="next-page-inside",
        answer=pointing(PAGE),
        keys={"kind": "page", "select.item": "li", "pages.next": "a.next@href"},
        before=PAGE.encode(),
        turned=False,
        expect=reads(1, {"page": 1}),
        titles=("A title",),
    ),
)
