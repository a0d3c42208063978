"""Bodies that are no feed, or that would cost whoever reads them too much."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

import json
from typing import Any

from tests.hostile.case import END, RSS, TURNED, Case, Script, fails, feed, item, reads, served
from tests.origin import Response

VERSION = "https://jsonfeed.org/version/1.1"
GOOD = item(title="Good", guid="good")
BAD = fails("parse", "Unparsable")


def none(what: str) -> Any:
    return fails("parse", "NotAFeed", what)


def entities(dtd: str, text: str = "&x;") -> str:
    return f"<?xml version='1.0'?><!DOCTYPE rss [{dtd}]>{RSS}{GOOD}<item><title>T {text}</title></item>{END}"


def pointing(document: str) -> Script:
    """A document in which INSIDE is an address that nobody may ask for."""
    return lambda places: Response(body=document.replace("INSIDE", places.inside).encode())


LAUGHS = "<!ENTITY x0 'ha'>" + "".join(
    f"<!ENTITY x{level} '{f'&x{level - 1};' * 10}'>" for level in range(1, 10)
)
PAGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Prove that you are human</body></html>"


def json_feed(*items: Any, **more: Any) -> bytes:
    return json.dumps({"version": VERSION, "title": "J", "items": list(items), **more}).encode()


def in_json(text: str) -> str:
    return f'{{"version": "{VERSION}", "title": "J", "items": [{{"id": "a", "title": "Good"}}, {text}]}}'


def encoded(name: str, codec: str, **fields: Any) -> Case:
    """A feed in an encoding; the title must come through."""
    document = f"<?xml version='1.0'?>{RSS}{item(title='Größe', guid='g')}{END}"
    return Case(
        name=name, answer=served(document.encode(codec), **fields), expect=reads(1), titles=("Größe",)
    )


CASES = (
    Case(name="nothing", answer=b"", expect=none("empty")),
    Case(name="blanks", answer=b" \r\n\t" * 10_000, expect=none("empty")),
    Case(name="zeros", answer=bytes(100_000), expect=none("")),
    Case(name="a-challenge", answer=PAGE, expect=none("an HTML page")),
    Case(name="a-challenge-that-names-a-feed", answer=PAGE.replace("<body>", f"<body><pre>{RSS}{GOOD}</pre>"),
         expect=none("an HTML page")),
    Case(name="a-login-in-xml", answer="<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>",
         expect=none("an HTML page")),
    Case(name="an-error-in-xml", answer="<error><code>500</code></error>", expect=none("an error message")),
    Case(name="plain-text", answer="Fatal error: Allowed memory size exhausted", expect=none("plain text")),
    Case(name="a-picture", answer=b"\x89PNG\r\n\x1a\n" + bytes(100), expect=none("a picture")),
    Case(name="garbage", answer=bytes(range(256)) * 100, expect=none("")),
    Case(name="emptied", answer=feed(), expect=reads(0)),
    Case(name="emptied-of-everything", answer="<rss/>", expect=reads(0)),
    # XML that wants something of us
    Case(name="billion-laughs", answer=entities(LAUGHS, "&x9;"), expect=reads(2)),
    Case(name="quadratic-blow-up", answer=entities(f"<!ENTITY x '{'a' * 50_000}'>", "&x;" * 2000), expect=reads(2)),
    Case(name="entity-of-itself", answer=entities("<!ENTITY x '&x;'>"), expect=reads(2)),
    Case(name="entity-of-a-file", answer=entities("<!ENTITY x SYSTEM 'file:///etc/passwd'>"), expect=reads(2)),
    Case(name="entity-from-inside", answer=pointing(entities("<!ENTITY x SYSTEM 'INSIDE/x'>")), expect=reads(2)),
    Case(name="parameter-entity", answer=pointing(entities("<!ENTITY % x SYSTEM 'INSIDE/x.dtd'>%x;", "")),
         expect=reads(2)),
    Case(name="doctype-from-inside",
         answer=pointing(f"<!DOCTYPE rss SYSTEM 'INSIDE/rss.dtd'>{RSS}{GOOD}{END}"), expect=reads(1)),
    Case(name="doctype-without-end", answer=f"<!DOCTYPE rss [<!ENTITY x '{RSS}{GOOD}{END}", expect=reads(1)),
    Case(name="xinclude", answer=pointing(feed(GOOD).decode().replace(
        "<channel>", "<channel xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='INSIDE/x'/>"
        "<xi:include href='file:///etc/passwd' parse='text'/>")), expect=reads(1)),
    Case(name="stylesheet-from-inside", answer=pointing(
        f"<?xml-stylesheet type='text/xsl' href='INSIDE/x.xsl'?>{RSS}{GOOD}{END}"), expect=reads(1)),
    Case(name="schema-from-inside", answer=pointing(feed(GOOD).decode().replace("<rss ",
         "<rss xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='x INSIDE/x.xsd' ")),
         expect=reads(1)),
    # XML that costs
    Case(name="nested-xml", turned=False, answer=RSS + GOOD + "<a>" * 30_000 + END, expect=reads(1)),
    Case(name="nested-items", answer=RSS + "<item><title>T</title>" * 200 + "</item>" * 200 + END,
         expect=reads(1, {"repeated": 199})),
    Case(name="hundreds-of-thousands-of-items", turned=False, answer=RSS + "<item/>" * 250_000 + END,
         expect=reads(0, {"empty": 250_000})),
    Case(name="tens-of-thousands-of-items", turned=False, answer=feed(*(item(title=f"T{n}", guid=f"g{n}") for n in range(20_000))),
         expect=reads(2000, {"too-many": 18_000})),
    Case(name="an-attribute-after-another",
         answer=RSS + "<item " + " ".join(f"a{n}='{n}'" for n in range(60_000)) + f"><title>T</title></item>{END}",
         expect=reads(1)),
    Case(name="a-namespace-after-another",
         answer=RSS + "<item " + " ".join(f"xmlns:a{n}='u{n}'" for n in range(40_000)) + f"><title>T</title></item>{END}",
         expect=reads(1)),
    Case(name="a-name-of-a-megabyte", turned=False, answer=feed(f"<{'a' * 1_000_000}/>", GOOD), expect=reads(1)),
    Case(name="comments-without-end", turned=False, answer=RSS + GOOD + "<!--" * 250_000 + END, expect=reads(1)),
    Case(name="cdata-without-end", turned=False, answer=RSS + GOOD + "<item><title>" + "<![CDATA[" * 100_000 + END, expect=reads(1, {"empty": 1})),
    Case(name="instructions-without-end", turned=False, answer=RSS + GOOD + "<?x " * 250_000 + END, expect=reads(1)),
    Case(name="nothing-but-brackets", turned=False, answer=RSS + GOOD + "<" * 900_000 + END, expect=reads(1)),
    Case(name="nothing-but-ampersands", turned=False, answer=RSS + GOOD + "&" * 900_000 + END, expect=reads(1)),
    Case(name="nothing-but-quotes", turned=False, answer=RSS + GOOD + "<a b=" + "\"'" * 450_000 + END, expect=reads(1)),
    Case(name="unclosed-everything", turned=False, answer=RSS + GOOD + "<item><title>T" * 5_000, expect=reads(1, {"cut off": 1, "lost": 2000})),
    Case(name="two-documents", answer=feed(GOOD) + feed(item(title="Second")), expect=reads(2)),
    Case(name="cut-in-an-item", answer=TURNED[:-60], expect=reads(1, {"cut off": 1})),
    # JSON
    Case(name="json-of-something-else", answer=b'{"items": "none of them"}', expect=none("other JSON")),
    Case(name="json-list", answer=b"[" + TURNED.hex().encode() + b"]", expect=none("")),
    Case(name="nested-json", answer=f'{{"version": "{VERSION}", "items": ' + "[" * 500_000, expect=BAD),
    Case(name="json-cut-off", answer=json_feed({"id": "a", "title": "A"})[:-5], expect=BAD),
    Case(name="json-number-of-ten-thousand-digits",
         answer=in_json(f'{{"id": {"9" * 10_000}, "title": "Huge", "attachments": [{{"url": "http://x.example/a.mp3", "size_in_bytes": {"9" * 10_000}}}]}}'),
         expect=reads(2), titles=("Good", "Huge")),
    Case(name="json-that-is-no-number", answer=in_json('{"id": NaN, "title": "B", "attachments": [{"url": "/a", "duration_in_seconds": -Infinity}]}'),
         expect=reads(2)),
    Case(name="json-half-characters", answer=in_json(r'{"id": "\ud800", "title": "a\udc00b", "url": "http://x.example/\ud800", "tags": ["\udfff"], "content_html": "<p>\ud83d</p>"}'),
         expect=reads(2), titles=("Good", "a\ufffdb")),
    Case(name="json-of-wrong-types", answer=json_feed({"id": {"a": 1}, "title": ["x"], "content_html": 5, "url": True, "authors": "me", "attachments": {"url": 1}, "tags": {"a": 1}}, None, [], 5, {"id": "ok", "title": "Good"}, title=5, authors=7, hubs="x"),
         expect=reads(1, {"empty": 4})),
    Case(name="json-keys-twice", answer=in_json('{"id": "b", "id": "c", "title": "X", "title": "Y"}'), expect=reads(2), titles=("Good", "Y")),
    # Encodings
    encoded("utf-16", "utf-16"),
    encoded("utf-16-without-mark", "utf-16-be"),
    encoded("utf-32", "utf-32"),
    encoded("mark-against-header", "utf-8-sig", content_type="text/xml; charset=iso-8859-1"),
    encoded("utf-8-under-a-wrong-header", "utf-8", content_type="text/xml; charset=windows-1252"),
    encoded("latin-1-without-a-word", "latin-1"),
    encoded("no-such-charset", "utf-8", content_type="text/xml; charset=x-no-such"),
    Case(name="utf-7", answer=served(feed(item(title="+ADw-script+AD4-", guid="u")), content_type="text/xml; charset=utf-7"),
         expect=reads(1), titles=("+ADw-script+AD4-",)),
    Case(name="declares-what-it-is-not", answer=f"<?xml version='1.0' encoding='utf-16'?>{RSS}{GOOD}{END}", expect=reads(1)),
    Case(name="a-bad-octet-in-each-title", answer=feed(*(item(title=f"T{n}X", guid=f"g{n}") for n in range(9))).replace(b"X<", b"\xff<"),
         expect=reads(9)),
)  # fmt: skip
