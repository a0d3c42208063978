"""For each row of docs/elements.md, the smallest document that has the element, and its value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.publish.element_places import NAMESPACES

DECLARED = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
NOT_SAID = object()
AT = "2025-03-01T08:00:00+00:00"
LATER = "2025-03-02T09:00:00+00:00"
PAGE = "https://doc.example/zx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``put`` is what stands in the entry or feed (markup, or members of JSON). ``value`` is what is
    looked for at each place, ``values`` where that differs by output format, ``said`` what is looked for in
    "the same element" ``name``. ``base`` is what else the entry has. ``document`` replaces it all."""

    put: Any = ""
    value: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    said: str = ""
    base: str = "link"
    attributes: str = ""
    document: str = ""
    absent: str = "Zx"

    def sought(self, of: str) -> Any:
        return self.values.get(of, self.value)


# --- what is said in many vocabularies


def title(put: Any, **more: Any) -> Case:
    return Case(put=put, value="Zx title", base="link", **more)


def link(put: Any, **more: Any) -> Case:
    return Case(put=put, value=PAGE, **({"base": "title"} | more))


def summary(put: str) -> tuple[Case, Case]:
    """Beside a content, and alone."""
    return Case(put=put, value="Zx words", base="link content"), Case(put=put, value="Zx words")


def content(put: Any) -> tuple[Case, Case]:
    """Beside a summary, and alone."""
    return Case(put=put, value="Zx words", base="link summary"), Case(put=put, value="Zx words")


def published(put: Any) -> Case:
    return Case(put=put, value=AT, absent="2025")


def updated(put: Any) -> Case:
    return Case(put=put, value=LATER, base="link published", absent="2025")


def person(put: Any, who: str = "Zx Ann", url: str = "", email: str = "", **more: Any) -> Case:
    values = {"atom": (who, url, email), "rss": who, "json": (who, url)}
    return Case(put=put, values=values, **more)


def tag(put: Any, scheme: str = "", label: str = "") -> Case:
    return Case(
        put=put, values={"atom": ("zx-tag", scheme, label), "rss": ("zx-tag", scheme), "json": "zx-tag"}
    )


def file(
    put: Any, length: str | None = "77", *, of: str = "mp3", kind: str = "audio/mpeg", **more: Any
) -> Case:
    address = f"https://doc.example/zx.{of}"
    value = (address, kind, length)
    rss = (address, kind, length or "0")
    return Case(put=put, value=value, values={"rss": rss}, said=address, **more)


def source(put: Any, address: str = "https://zx.example/feed") -> Case:
    return Case(put=put, value=("Zx port", address))


def guid(put: Any, value: str = "zx-guid", **more: Any) -> Case:
    return Case(put=put, value=value, **({"base": "title"} | more))


def image(put: Any, **more: Any) -> Case:
    return Case(put=put, value="https://doc.example/zx.png", **more)


def language(put: Any, **more: Any) -> Case:
    return Case(put=put, value="de-CH", **more)


def rights(put: Any) -> Case:
    return Case(put=put, value="Zx rights")


def relation(put: Any, rel: str = "related") -> Case:
    return Case(put=put, value=(rel, "https://zx.example/"))


def gone(put: Any, absent: str = "Zx", **more: Any) -> Case:
    """What no output says: ``absent`` is in none."""
    return Case(put=put, absent=absent, **more)


def kept(name: str, put: str = "", said: str = "Zx", **more: Any) -> Case:
    """An element of a module that is passed on as it is."""
    return Case(put=put or f"<{name}>{said}</{name}>", name=name, said=said, absent=said, **more)


def of_document(value: str, put: Any, **more: Any) -> Case:
    return Case(put=put, value=value, **more)


XHTML_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Zx words</div>'
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    '<channel rdf:about="urn:zx-feed"><title>Doc</title><link>https://doc.example/</link><description>D</description>'
    '<items><rdf:Seq xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:li rdf:resource="https://doc.example/zx-list"/></rdf:Seq></items></channel>'
    '<item rdf:about="zx-guid"><title>Base title</title></item></rdf:RDF>'
)

CASES: dict[str, Case | tuple[Case, ...]] = {
    # --- RSS items
    "rss.item.title": title("<title>Zx &lt;i>title&lt;/i></title>"),
    "rss.item.link": link(f"<link>{PAGE}</link>"),
    "rss.item.description": summary("<description>&lt;p>Zx words&lt;/p></description>"),
    "rss.item.pubDate": published("<pubDate>Sat, 01 Mar 2025 09:00:00 +0100</pubDate>"),
    "rss.item.author": (
        person("<author>ann@zx.example (Zx Ann)</author>", email="ann@zx.example"),
        person("<author>Zx Bob</author><author>Zx Ann</author>"),
    ),
    "rss.item.category": (
        tag("<category>other</category><category>zx-tag</category>"),
        tag('<category domain="https://zx.example/v">zx-tag</category>', "https://zx.example/v"),
        tag('<category domain="urn:v">zx-tag</category>'),
    ),
    "rss.item.enclosure": (
        file('<enclosure url="https://doc.example/zx.mp3" type="audio/mpeg" length="77"/>'),
        file(
            '<enclosure url="https://doc.example/first.mp3" type="audio/mpeg" length="1"/>'
            '<enclosure url="https://doc.example/zx.mp3" type="audio/mpeg" length="77"/>'
        ),
    ),
    "rss.item.source": (
        source('<source url="https://zx.example/feed">Zx port</source>'),
        source("<source>Zx port</source>", ""),
    ),
    "rss.item.comments": Case(put=f"<comments>{PAGE}</comments>", value=PAGE),
    "rss.item.guid": (guid('<guid isPermaLink="false">zx-guid</guid>'), guid(f"<guid>{PAGE}</guid>", PAGE)),
    "rss.item.image": image("<image><url>https://doc.example/zx.png</url></image>"),
    "rss.item.language": language("<language>de_CH</language>"),
    "rss.item.guid-isPermaLink": (
        link(f"<guid>{PAGE}</guid>"),
        link(f'<guid isPermaLink="true">{PAGE}</guid>'),
    ),
    "rss.item.about": guid("", document=RDF),
    "rss.item.fullitem": content("<fullitem>&lt;p>Zx words&lt;/p></fullitem>"),
    "rss.item.body": content("<body>&lt;p>Zx words&lt;/p></body>"),
    "rss.item.content": content("<content>&lt;p>Zx words&lt;/p></content>"),
    "rss.item.full-text": content("<full-text>&lt;p>Zx words&lt;/p></full-text>"),
    "rss.item.copyright": rights("<copyright>Zx rights</copyright>"),
    "rss.item.rights": rights("<rights>Zx rights</rights>"),
    "rss.item.published": published("<published>2025-03-01T08:00:00Z</published>"),
    "rss.item.date": published("<date>2025-03-01T08:00:00Z</date>"),
    "rss.item.updated": updated("<updated>2025-03-02T09:00:00Z</updated>"),
    "rss.item.item": Case(put="<item><title>Zx inner</title></item>", value="Zx inner", base="link title"),
    "rss.item.empty": gone("<odd:zx>Zx</odd:zx>", base=""),
    "rss.item.lang": language("<title>Base</title>", attributes=' xml:lang="de-CH"'),
    # --- RSS channels
    "rss.channel.title": of_document("Zx doc", "<title>Zx doc</title>"),
    "rss.channel.link": of_document(PAGE, f"<link>{PAGE}</link>"),
    "rss.channel.description": of_document("Zx about", "<description>Zx about</description>"),
    "rss.channel.language": language("<language>de-CH</language>"),
    "rss.channel.copyright": of_document("Zx rights", "<copyright>Zx rights</copyright>"),
    "rss.channel.managingEditor": of_document(
        "Zx Ed", "<managingEditor>zx@zx.example (Zx Ed)</managingEditor>"
    ),
    "rss.channel.webMaster": of_document("Zx Web", "<webMaster>zx@zx.example (Zx Web)</webMaster>"),
    "rss.channel.author": (
        of_document("Zx Ann", "<author>Bob</author><author>Zx Ann</author>"),
        of_document("zx@zx.example", "<author>zx@zx.example</author>"),
    ),
    "rss.channel.pubDate": gone("<pubDate>Sat, 01 Mar 2003 08:00:00 GMT</pubDate>", "2003"),
    "rss.channel.lastBuildDate": gone("<lastBuildDate>Sat, 01 Mar 2003 08:00:00 GMT</lastBuildDate>", "2003"),
    "rss.channel.published": gone("<published>2003-03-01T08:00:00Z</published>", "2003"),
    "rss.channel.date": gone("<date>2003-03-01T08:00:00Z</date>", "2003"),
    "rss.channel.updated": gone("<updated>2003-03-01T08:00:00Z</updated>", "2003"),
    "rss.channel.category": gone("<category>Zx</category>"),
    "rss.channel.generator": gone("<generator>Zx</generator>"),
    "rss.channel.ttl": Case(put="<ttl>61</ttl>", value=3660.0, absent="ttl"),
    "rss.channel.skipHours": Case(put="<skipHours><hour>7</hour></skipHours>", value=(7,), absent="<hour>"),
    "rss.channel.skipDays": Case(put="<skipDays><day>Monday</day></skipDays>", value=(0,), absent="Monday"),
    "rss.channel.image": image(
        "<image><url>https://doc.example/zx.png</url><title>D</title><link>https://doc.example/</link></image>"
    ),
    "rss.channel.rights": of_document("Zx rights", "<rights>Zx rights</rights>"),
    "rss.channel.about": gone("", "urn:zx-feed", document=RDF),
    "rss.channel.docs": gone("<docs>https://zx.example/</docs>", "zx.example"),
    "rss.channel.cloud": gone('<cloud domain="zx.example" port="80" path="/"/>', "zx.example"),
    "rss.channel.rating": gone("<rating>Zx</rating>"),
    "rss.channel.textInput": gone("<textInput><title>Zx</title><link>https://zx.example/</link></textInput>"),
    "rss.channel.items": gone("", "zx-list", document=RDF),
    # --- Atom entries
    "atom.entry.id": guid("<id>zx-guid</id>"),
    "atom.entry.title": (
        title("<title>Zx title</title>"),
        title('<title type="html">Zx &lt;i>title&lt;/i></title>'),
        title(f'<title type="xhtml">{XHTML_DIV.replace("words", "<i>title</i>")}</title>'),
    ),
    "atom.entry.link": link(f'<link rel="alternate" type="text/html" href="{PAGE}"/>'),
    "atom.entry.link-alternate": gone(
        '<link href="https://doc.example/1"/><link href="https://zx.example/"/>', "zx.example"
    ),
    "atom.entry.link-enclosure": (
        file('<link rel="enclosure" href="https://doc.example/zx.mp3" type="audio/mpeg" length="77"/>'),
        file(
            '<link rel="enclosure" href="https://doc.example/1.mp3" type="audio/mpeg" length="1"/>'
            '<link rel="enclosure" href="https://doc.example/zx.mp3" type="audio/mpeg" length="77"/>'
        ),
    ),
    "atom.entry.link-replies": Case(put=f'<link rel="replies" type="text/html" href="{PAGE}"/>', value=PAGE),
    "atom.entry.link-relation": (
        relation('<link rel="related" href="https://zx.example/"/>'),
        relation('<link rel="via" href="https://zx.example/"/>', "via"),
        relation('<link rel="license" href="https://zx.example/"/>', "license"),
        relation('<link rel="replies" type="application/atom+xml" href="https://zx.example/"/>', "replies"),
    ),
    "atom.entry.link-other": gone(
        '<link rel="self" href="https://zx.example/"/><link rel="edit" href="https://zx.example/e"/>',
        "zx.example",
    ),
    "atom.entry.summary": summary("<summary>Zx words</summary>"),
    "atom.entry.content": (
        *content('<content type="html">&lt;p>Zx words&lt;/p></content>'),
        *content("<content>Zx words</content>"),
        *content(f'<content type="xhtml">{XHTML_DIV}</content>'),
        *content('<content type="text/plain" mode="base64">Wnggd29yZHM=</content>'),
        *content('<content type="application/xml"><x xmlns="">Zx words</x></content>'),
    ),
    "atom.entry.content-src": file(
        '<content src="https://doc.example/zx.mp4" type="video/mp4"/>', None, of="mp4", kind="video/mp4"
    ),
    "atom.entry.content-src-page": link(f'<content src="{PAGE}" type="text/html"/>'),
    "atom.entry.content-binary": gone('<content type="image/png">iVBORw0KGgo=</content>', "iVBORw0KGgo"),
    "atom.entry.published": published("<published>2025-03-01T09:00:00+01:00</published>"),
    "atom.entry.issued": published("<issued>2025-03-01T08:00:00Z</issued>"),
    "atom.entry.created": published("<created>2025-03-01T08:00:00Z</created>"),
    "atom.entry.updated": updated("<updated>2025-03-02T09:00:00Z</updated>"),
    "atom.entry.modified": updated("<modified>2025-03-02T09:00:00Z</modified>"),
    "atom.entry.author": (
        person(
            "<author><name>Zx Ann</name><uri>https://zx.example/</uri><email>ann@zx.example</email></author>",
            url="https://zx.example/",
            email="ann@zx.example",
        ),
        person("<author><name>Bob</name></author><author><name>Zx Ann</name></author>"),
    ),
    "atom.entry.contributor": person("<contributor><name>Zx Ann</name></contributor>"),
    "atom.entry.category": (
        tag('<category term="zx-tag"/>'),
        tag(
            '<category term="zx-tag" scheme="https://zx.example/v" label="Zx"/>', "https://zx.example/v", "Zx"
        ),
        tag('<category term="zx-tag" scheme="urn:v"/>'),
    ),
    "atom.entry.rights": rights("<rights>Zx rights</rights>"),
    "atom.entry.copyright": rights("<copyright>Zx rights</copyright>"),
    "atom.entry.logo": image("<logo>https://doc.example/zx.png</logo>"),
    "atom.entry.source": (
        source('<source><title>Zx port</title><link rel="self" href="https://zx.example/feed"/></source>'),
        source("<source><title>Zx port</title></source>", ""),
    ),
    "atom.entry.source-author": person("<source><author><name>Zx Ann</name></author></source>"),
    "atom.entry.source-other": gone(
        "<source><title>Port</title><subtitle>Zx</subtitle><rights>Zx</rights></source>"
    ),
    "atom.entry.lang": language("<title>Base</title>", attributes=' xml:lang="de-CH"'),
    "atom.entry.base": (
        Case(
            put='<link href="page"/><content type="html">&lt;a href="in">x&lt;/a></content>',
            value="https://zx.example/d/page",
            attributes=' xml:base="https://zx.example/d/"',
            base="",
        ),
        Case(
            put='<content type="html" xml:base="d/">&lt;a href="in">x&lt;/a></content>',
            value="https://zx.example/d/in",
            attributes=' xml:base="https://zx.example/"',
        ),
    ),
    "atom.entry.empty": gone("<odd:zx>Zx</odd:zx>", base=""),
    # --- Atom feeds
    "atom.feed.id": gone("<id>urn:zx-feed</id>", "urn:zx-feed"),
    "atom.feed.title": of_document("Zx doc", "<title>Zx doc</title>"),
    "atom.feed.subtitle": of_document("Zx about", "<subtitle>Zx about</subtitle>"),
    "atom.feed.tagline": of_document("Zx about", "<tagline>Zx about</tagline>"),
    "atom.feed.updated": gone("<updated>2003-03-01T08:00:00Z</updated>", "2003"),
    "atom.feed.modified": gone("<modified>2003-03-01T08:00:00Z</modified>", "2003"),
    "atom.feed.published": gone("<published>2003-03-01T08:00:00Z</published>", "2003"),
    "atom.feed.issued": gone("<issued>2003-03-01T08:00:00Z</issued>", "2003"),
    "atom.feed.created": gone("<created>2003-03-01T08:00:00Z</created>", "2003"),
    "atom.feed.author": of_document("Zx Ann", "<author><name>Zx Ann</name></author>"),
    "atom.feed.contributor": gone("<contributor><name>Zx Ann</name></contributor>"),
    "atom.feed.category": gone('<category term="Zx"/>'),
    "atom.feed.rights": of_document("Zx rights", "<rights>Zx rights</rights>"),
    "atom.feed.copyright": of_document("Zx rights", "<copyright>Zx rights</copyright>"),
    "atom.feed.generator": gone("<generator>Zx</generator>"),
    "atom.feed.icon": of_document("https://zx.example/i.ico", "<icon>https://zx.example/i.ico</icon>"),
    "atom.feed.logo": image("<logo>https://doc.example/zx.png</logo>"),
    "atom.feed.link": of_document(PAGE, f'<link href="{PAGE}"/>'),
    "atom.feed.link-other": gone(
        '<link rel="self" href="https://zx.example/"/><link rel="hub" href="https://zx.example/h"/>',
        "zx.example",
    ),
    "atom.feed.lang": language("", attributes=' xml:lang="de-CH"'),
    "atom.feed.info": gone("<info>Zx</info>"),
    # --- CDF
    "cdf.item.href": (link("", attributes=f' HREF="{PAGE}"'), link(f'<A HREF="{PAGE}"/>', base="title")),
    "cdf.item.title": title("<TITLE>Zx title</TITLE>"),
    "cdf.item.abstract": summary("<ABSTRACT>Zx words</ABSTRACT>"),
    "cdf.item.lastmod": Case(value=LATER, attributes=' LASTMOD="2025-03-02T09:00"', absent="2025"),
    "cdf.item.author": person('<AUTHOR VALUE="Zx Ann"/>'),
    "cdf.item.keyword": tag('<KEYWORD VALUE="zx-tag"/>'),
    "cdf.item.logo": image('<LOGO HREF="https://doc.example/zx.png"/>'),
    "cdf.channel.title": of_document("Zx doc", "<TITLE>Zx doc</TITLE>"),
    "cdf.channel.href": of_document(PAGE, "", attributes=f' HREF="{PAGE}"'),
    "cdf.channel.abstract": of_document("Zx about", "<ABSTRACT>Zx about</ABSTRACT>"),
    "cdf.channel.logo": image('<LOGO HREF="https://doc.example/zx.png"/>'),
    "cdf.channel.icon": of_document(
        "https://zx.example/i.ico", '<LOGO HREF="https://zx.example/i.ico" STYLE="ICON"/>'
    ),
    "cdf.channel.lastmod": gone("", "2003", attributes=' LASTMOD="2003-03-02T09:00"'),
    "cdf.channel.base": Case(
        document='<CHANNEL BASE="https://zx.example/d/"><TITLE>D</TITLE>'
        '<ITEM HREF="in"><TITLE>T</TITLE></ITEM></CHANNEL>',
        value="https://zx.example/d/in",
    ),
    "cdf.channel.schedule": gone(
        '<SCHEDULE STARTDATE="2003-01-01"><INTERVALTIME DAY="1"/></SCHEDULE>', "2003"
    ),
    "cdf.item.usage": gone('<USAGE VALUE="Zx"/><LOG VALUE="Zx"/>'),
    # --- JSON Feed items
    "json.item.id": guid({"id": "zx-guid"}),
    "json.item.url": link({"url": PAGE}),
    "json.item.title": title({"title": "Zx title"}),
    "json.item.content_html": content({"content_html": "<p>Zx words</p>"}),
    "json.item.content_text": content({"content_text": "Zx words"}),
    "json.item.summary": summary({"summary": "Zx words"}),  # type: ignore[arg-type]
    "json.item.image": image({"image": "https://doc.example/zx.png"}),
    "json.item.banner_image": image({"banner_image": "https://doc.example/zx.png"}),
    "json.item.date_published": published({"date_published": "2025-03-01T08:00:00Z"}),
    "json.item.date_modified": updated({"date_modified": "2025-03-02T09:00:00Z"}),
    "json.item.authors": person(
        {"authors": [{"name": "Bob"}, {"name": "Zx Ann", "url": "https://zx.example/"}]},
        url="https://zx.example/",
    ),
    "json.item.author": person({"author": {"name": "Zx Ann"}}),
    "json.item.tags": tag({"tags": ["other", "zx-tag"]}),
    "json.item.language": language({"language": "de-CH"}),
    "json.item.attachments": file(
        {
            "attachments": [
                {"url": "https://doc.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1},
                {"url": "https://doc.example/zx.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 77},
            ]
        }
    ),
    "json.item.external_url": relation({"external_url": "https://zx.example/"}),
    "json.item.extension": gone({"_custom": {"x": "Zx"}}),
    "json.item.empty": gone({"_custom": "Zx"}, base=""),
    # --- JSON Feed feeds
    "json.feed.title": of_document("Zx doc", {"title": "Zx doc"}),
    "json.feed.home_page_url": of_document(PAGE, {"home_page_url": PAGE}),
    "json.feed.description": of_document("Zx about", {"description": "Zx about"}),
    "json.feed.language": language({"language": "de-CH"}),
    "json.feed.icon": image({"icon": "https://doc.example/zx.png"}),
    "json.feed.favicon": of_document("https://zx.example/i.ico", {"favicon": "https://zx.example/i.ico"}),
    "json.feed.authors": of_document("Zx Ann", {"authors": [{"name": "Bob"}, {"name": "Zx Ann"}]}),
    "json.feed.author": of_document("Zx Ann", {"author": {"name": "Zx Ann"}}),
    "json.feed.feed_url": gone({"feed_url": "https://zx.example/"}, "zx.example"),
    "json.feed.next_url": gone({"next_url": "https://zx.example/"}, "zx.example"),
    "json.feed.hubs": gone({"hubs": [{"type": "WebSub", "url": "https://zx.example/"}]}, "zx.example"),
    "json.feed.user_comment": gone({"user_comment": "Zx"}),
    "json.feed.expired": gone({"expired": True}, "expired"),
    "json.feed.extension": gone({"_custom": {"x": "Zx"}}),
    # --- modules in items
    "module.dc.title": title("<dc:title>Zx title</dc:title>"),
    "module.dc.creator": person("<dc:creator>Bob</dc:creator><dc:creator>Zx Ann</dc:creator>"),
    "module.dc.author": person("<dc:author>Zx Ann</dc:author>"),
    "module.dc.contributor": person("<dc:contributor>Zx Ann</dc:contributor>"),
    "module.dc.subject": tag("<dc:subject>zx-tag</dc:subject>"),
    "module.dc.date": published("<dc:date>2025-03-01T08:00:00Z</dc:date>"),
    "module.dc.language": language("<dc:language>de-CH</dc:language>"),
    "module.dc.rights": rights("<dc:rights>Zx rights</dc:rights>"),
    "module.dc.description": summary("<dc:description>Zx words</dc:description>"),
    "module.dcterms.created": published("<dcterms:created>2025-03-01T08:00:00Z</dcterms:created>"),
    "module.dcterms.issued": published("<dcterms:issued>2025-03-01T08:00:00Z</dcterms:issued>"),
    "module.dcterms.modified": updated("<dcterms:modified>2025-03-02T09:00:00Z</dcterms:modified>"),
    "module.dcterms.abstract": summary("<dcterms:abstract>Zx words</dcterms:abstract>"),
    "module.content.encoded": content("<content:encoded>&lt;p>Zx words&lt;/p></content:encoded>"),
    "module.xhtml.body": content("<xhtml:body><xhtml:p>Zx words</xhtml:p></xhtml:body>"),
    "module.xhtml.div": content("<xhtml:div><xhtml:p>Zx words</xhtml:p></xhtml:div>"),
    "module.yandex.full-text": content("<yandex:full-text>Zx words</yandex:full-text>"),
    "module.cc.license": relation(
        '<cc:license xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:resource="https://zx.example/"/>',
        "license",
    ),
    "module.other.fullitem": content("<odd:fullitem>Zx words</odd:fullitem>"),
    "module.feedburner.origLink": gone(
        "<feedburner:origLink>https://zx.example/</feedburner:origLink>", "zx.example"
    ),
    "module.itunes.title": title(
        "<itunes:title>Zx title</itunes:title>", name="itunes:title", said="Zx title"
    ),
    "module.itunes.author": person(
        "<itunes:author>Zx Ann</itunes:author>", name="itunes:author", said="Zx Ann"
    ),
    "module.itunes.summary": Case(
        put="<itunes:summary>Zx words</itunes:summary>",
        value="Zx words",
        name="itunes:summary",
        said="Zx words",
    ),
    "module.itunes.subtitle": Case(
        put="<itunes:subtitle>Zx words</itunes:subtitle>",
        value="Zx words",
        name="itunes:subtitle",
        said="Zx words",
    ),
    "module.itunes.image": image(
        '<itunes:image href="https://doc.example/zx.png"/>',
        name="itunes:image",
        said="https://doc.example/zx.png",
    ),
    "module.googleplay.image": image(
        '<googleplay:image href="https://doc.example/zx.png"/>',
        name="googleplay:image",
        said="https://doc.example/zx.png",
    ),
    "module.media.title": title("<media:title>Zx title</media:title>", name="media:title", said="Zx title"),
    "module.media.description": Case(
        put="<media:description>Zx words</media:description>",
        value="Zx words",
        name="media:description",
        said="Zx words",
    ),
    "module.media.thumbnail": image(
        '<media:thumbnail url="https://doc.example/zx.png"/>',
        name="media:thumbnail",
        said="https://doc.example/zx.png",
    ),
    "module.media.content": file(
        '<media:content url="https://doc.example/1.mp3" type="audio/mpeg" fileSize="1"/>'
        '<media:content url="https://doc.example/zx.mp3" type="audio/mpeg" fileSize="77"/>',
        name="media:content",
    ),
    "module.media.group": file(
        '<media:group><media:content url="https://doc.example/zx.mp3" type="audio/mpeg" fileSize="77"/>'
        "</media:group>",
        name="media:group",
    ),
    "module.itunes.duration": Case(
        put='<enclosure url="https://doc.example/a.mp3" type="audio/mpeg" length="1"/>'
        "<itunes:duration>1:01</itunes:duration>",
        values={"json": 61},
        name="itunes:duration",
        said="1:01",
    ),
    "module.itunes.any": (
        kept("itunes:episode", said="7777"),
        kept("itunes:explicit", said="clean-zx"),
        kept("itunes:season", said="8888"),
    ),
    "module.podcast.any": (
        kept(
            "podcast:transcript",
            '<podcast:transcript url="https://zx.example/t" type="text/vtt"/>',
            "https://zx.example/t",
        ),
        kept("podcast:person", '<podcast:person role="host">Zx</podcast:person>'),
    ),
    "module.media.any": kept("media:keywords"),
    "module.georss.any": kept("georss:point", said="54.3 10.1"),
    "module.geo.any": kept("geo:lat", said="54.333"),
    "module.gml.any": kept("gml:Point", "<gml:Point><gml:pos>54.333 10</gml:pos></gml:Point>", "54.333 10"),
    "module.thr.any": kept(
        "thr:in-reply-to", '<thr:in-reply-to ref="urn:zx" href="https://zx.example/"/>', "urn:zx"
    ),
    "module.slash.any": kept("slash:comments", said="7777"),
    "module.wfw.any": kept("wfw:commentRss", said="https://zx.example/rss"),
    "module.creativeCommons.any": kept("creativeCommons:license", said="https://zx.example/by"),
    "module.psc.any": kept(
        "psc:chapters", '<psc:chapters><psc:chapter start="0" title="Zx"/></psc:chapters>'
    ),
    "module.yt.any": kept("yt:videoId"),
    "module.dc.any": kept("dc:publisher"),
    "module.dcterms.any": kept("dcterms:valid", said="start=2003"),
    "module.googleplay.any": kept("googleplay:explicit"),
    "module.prism.any": kept("prism:volume"),
    "module.any.attributes": gone('<slash:comments odd:zx="Zx">1</slash:comments>'),
    "module.feedburner.any": gone("<feedburner:info uri='Zx'/>"),
    "module.unknown.any": gone("<odd:zx>Zx</odd:zx>"),
    # --- modules in channels
    "module.feed.sy.updatePeriod": Case(
        put="<sy:updatePeriod>weekly</sy:updatePeriod>", value=604800.0, absent="weekly"
    ),
    "module.feed.sy.updateFrequency": Case(
        put="<sy:updateFrequency>864</sy:updateFrequency>", value=100.0, absent="864"
    ),
    "module.feed.sy.updateBase": gone("<sy:updateBase>2003-01-01T00:00Z</sy:updateBase>", "2003"),
    "module.feed.itunes.image": image(
        '<itunes:image href="https://doc.example/zx.png"/>',
        name="itunes:image",
        said="https://doc.example/zx.png",
    ),
    "module.feed.itunes.author": of_document(
        "Zx Ann", "<itunes:author>Zx Ann</itunes:author>", name="itunes:author", said="Zx Ann"
    ),
    "module.feed.itunes.summary": (
        of_document(
            "Zx about", "<itunes:summary>Zx about</itunes:summary>", name="itunes:summary", said="Zx about"
        ),
        of_document(
            "Zx about", "<itunes:subtitle>Zx about</itunes:subtitle>", name="itunes:subtitle", said="Zx about"
        ),
    ),
    "module.feed.itunes.repeated": gone(
        "<itunes:explicit>false</itunes:explicit><itunes:explicit>Zx</itunes:explicit>"
    ),
    "module.feed.itunes.new-feed-url": gone(
        "<itunes:new-feed-url>https://zx.example/</itunes:new-feed-url>", "zx.example"
    ),
    "module.feed.podcast.guid": gone("<podcast:guid>Zx</podcast:guid>"),
    "module.feed.podcast.locked": gone("<podcast:locked owner='Zx'>yes</podcast:locked>"),
    "module.feed.admin.generatorAgent": gone(
        "<admin:generatorAgent>https://zx.example/</admin:generatorAgent>", "zx.example"
    ),
    "module.feed.webfeeds.icon": of_document(
        "https://zx.example/i.png", "<webfeeds:icon>https://zx.example/i.png</webfeeds:icon>"
    ),
    "module.feed.dc.creator": (
        of_document("Zx Ann", "<dc:creator>Bob</dc:creator><dc:creator>Zx Ann</dc:creator>"),
        of_document("Zx Ann", "<dc:author>Zx Ann</dc:author>"),
    ),
    "module.feed.dc.any": (
        of_document("Zx doc", "<dc:title>Zx doc</dc:title>"),
        of_document("Zx about", "<dc:description>Zx about</dc:description>"),
        of_document("de-CH", "<dc:language>de-CH</dc:language>"),
        Case(put="<dc:rights>Zx rights</dc:rights>", value="Zx rights", values={"json": NOT_SAID}),
    ),
    "module.feed.kept": (
        kept("itunes:category", '<itunes:category text="Zx"><itunes:category text="In"/></itunes:category>'),
        kept("itunes:category", '<itunes:category text="Arts"/><itunes:category text="Zx"/>'),
        kept("itunes:owner", "<itunes:owner><itunes:name>Zx</itunes:name></itunes:owner>"),
        kept(
            "podcast:funding",
            '<podcast:funding url="https://zx.example/give">Give</podcast:funding>',
            "https://zx.example/give",
        ),
        kept("media:rating"),
        kept("creativeCommons:license", said="https://zx.example/by"),
    ),
    "module.feed.unknown": gone("<odd:zx>Zx</odd:zx>"),
}
