"""Where feedparser and we read a document differently, and why that is right.

A difference is explained only in the files and fields it names, and only if its test holds of the two
values: anything else in the same field is still an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urljoin

from tests.parse.feedparser_fields import Fields, fold, seen

#: Of our value, theirs, all our fields of that entry or document, all of theirs.
Holds = Callable[[Any, Any, Fields, Fields], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``files`` are patterns of file names, ``fields`` names, those of entries as "entry.link"."""

    files: tuple[str, ...]
    fields: tuple[str, ...]
    holds: Holds
    reason: str

    def explains(self, file: str, field: str, ours: Fields, theirs: Fields) -> bool:
        name = field.removeprefix("entry.")
        return (
            field in self.fields
            and any(fnmatch(file, pattern) for pattern in self.files)
            and self.holds(ours[name], theirs[name], ours, theirs)
        )


def _only_ours(mine: Any, other: Any, _ours: Fields, _theirs: Fields) -> bool:
    return bool(mine) and not other


def _same_words(mine: str, other: str) -> bool:
    """Without white space and controls, and what is left of a no-break space that was encoded twice."""
    one, two = ("".join(c for c in text if c.isprintable() and c not in " Â") for text in (mine, other))
    return one == two


def _words(value: Any) -> str:
    """The words of a text, of tags, of persons."""
    if isinstance(value, str) or value is None:
        return value or ""
    return " ".join(_words(part) for part in value)


def _garbled(mine: Any, other: Any, _ours: Fields, _theirs: Fields) -> bool:
    return not any(_is_far(c) for c in _words(other)) and any(_is_far(c) for c in _words(mine))


def _is_far(character: str) -> bool:
    """A letter of Cyrillic or of East Asia, or a Roman numeral of Japan's vendors."""
    return any(first <= character <= last for first, last in ("\u0400\u04ff", "\u2160\u217f", "\u3000\uffef"))


def _once_more(text: str) -> str:
    """``text`` as it looks when its UTF-8 is taken for windows-1252."""
    return fold(text.encode().decode("cp1252", "ignore"))


def _put_right(mine: Any, other: Any, _ours: Fields, _theirs: Fields) -> bool:
    return mine[1] == other[1] and _same_words(mine[0], _once_more(other[0]))


def _left_wrong(mine: Any, other: Any, _ours: Fields, _theirs: Fields) -> bool:
    return _same_words(_once_more(_words(mine)), _words(other)) or _same_words(
        _words(mine), _words(other).replace("\ufffd", "")
    )


def _is_dc_date(_mine: Any, _other: Any, ours: Fields, theirs: Fields) -> bool:
    return ours["updated"] is None and theirs["published"] is None and ours["published"] == theirs["updated"]


def _is_second_date(mine: Any, other: Any, ours: Fields, theirs: Fields) -> bool:
    return mine is None and ours["published"] == theirs["published"] != other


def _same_moment_of_day(mine: str | None, other: str | None, _ours: Fields, _theirs: Fields) -> bool:
    """Theirs is ours without the zone's hours."""
    return mine != other and other == "2025-03-01T08:00:00+00:00"


def _media(mine: Any, other: Any, _ours: Fields, theirs: Fields) -> bool:
    return other == [one for one in mine if one[0] not in theirs["_media"]] != mine


DIFFERENCES = (
    Difference(
        files=("rss10-*.rdf", "rss20-dublin-core-only.xml"),
        fields=("published", "updated", "entry.published", "entry.updated"),
        holds=_is_dc_date,
        reason="dc:date says when something appeared; feedparser files it under updated",
    ),
    Difference(
        files=("dates-dc-beside-pubdate.xml",),
        fields=("entry.updated",),
        holds=_is_second_date,
        reason="of two dates of publication the format's own counts; feedparser makes the other an update",
    ),
    Difference(
        files=("dates-of-many-kinds.xml", "dates-zone-names.xml", "rss092-many-en.xml"),
        fields=("entry.published",),
        holds=_only_ours,
        reason="a form of date, or a place for it, that feedparser does not know",
    ),
    Difference(
        files=("dates-of-many-kinds.xml", "gb2312-kc0011-zh-cn.rss"),
        fields=("entry.published",),
        holds=lambda mine, other, ours, theirs: (
            bool(mine and other) and mine[:4] == other[:4] and other[10:] == "T00:00:00+00:00" != mine[10:]
        ),
        reason="of 2020/1/10 14:33:00 and 2025年3月1日 08:00 feedparser reads the year, and seldom the day",
    ),
    Difference(
        files=("dates-of-many-kinds.xml",),
        fields=("entry.published",),
        holds=lambda mine, other, ours, theirs: mine is None and other[:4] in ("0001", "1740"),
        reason="Go's zero and a bare number are no dates; feedparser has them in the years 1 and 1740",
    ),
    Difference(
        files=("dates-zone-names.xml",),
        fields=("entry.published",),
        holds=_same_moment_of_day,
        reason="feedparser takes names of zones outside North America for UTC",
    ),
    Difference(
        files=(
            "encoding-cp932-declared-shift_jis.xml",
            "encoding-undeclared-windows-1251.xml",
            "cp932-as-shift_jis-ja.xml",
        ),
        fields=("title", "description", "entry.title", "entry.summary", "entry.content", "entry.tags"),
        holds=_garbled,
        reason="feedparser does not find the encoding and shows single bytes",
    ),
    Difference(
        files=("encoding-utf-8-declared-utf-16.xml", "rss-prefixed-elements-broken.xml"),
        fields=("title", "link", "description", "language", "entries"),
        holds=_only_ours,
        reason="feedparser gives up on the whole document",
    ),
    Difference(
        files=("double-encoded-lemonde-fr.xml", "rss-mojibake-in-title.xml"),
        fields=("title", "description", "entry.title", "entry.summary"),
        holds=_put_right,
        reason="what stands in the document stays so: feedparser also repairs a title about mojibake",
    ),
    Difference(
        files=("bare-ampersands-broken.xml",),
        fields=("entry.title", "entry.summary", "entry.authors"),
        holds=_left_wrong,
        reason="UTF-8 under the label of Latin-1, which feedparser believes in some elements",
    ),
    Difference(
        files=("bare-ampersands-broken.xml",),
        fields=("entry.guid",),
        holds=lambda mine, other, ours, theirs: mine == other.replace(";", ""),
        reason="feedparser ends what follows a bare ampersand with a semicolon",
    ),
    Difference(
        files=("atom-special-characters-broken.xml", "lincoln-loop-broken.xml", "control-characters.xml"),
        fields=("entry.title", "entry.summary"),
        holds=lambda mine, other, ours, theirs: mine[1] == other[1] and _same_words(mine[0], other[0]),
        reason="characters that XML forbids are gone; feedparser leaves some in",
    ),
    Difference(
        files=("bbc-chinese-zh.atom", "google-alerts.atom", "googlegroups.atom"),
        fields=("link",),
        holds=lambda mine, other, ours, theirs: mine is None and other == theirs["_id"],
        reason="the id of a feed is no page to visit; feedparser lends it as the link",
    ),
    Difference(
        files=("atom10-full.atom", "blogger-atom.xml", "feedburner-aws.xml"),
        fields=("entry.comments",),
        holds=_only_ours,
        reason="a page of replies (RFC 4685) is where the comments are",
    ),
    Difference(
        files=("atom10-full.atom",),
        fields=("entry.source",),
        holds=lambda mine, other, ours, theirs: (
            (mine[0], mine[3]) == (other[0], other[3]) and other[2] == other[3]
        ),
        reason="feedparser does not know atom:source's address, and takes its id for its link",
    ),
    Difference(
        files=("atom10-full.atom",),
        fields=("entry.authors",),
        holds=lambda mine, other, ours, theirs: (
            other[0] == mine[0] and other[1] == (mine[1][0], mine[0][1], "")
        ),
        reason="feedparser gives the second author the first one's mail address",
    ),
    Difference(
        files=("authors-long-top-level-domain.xml",),
        fields=("entry.authors",),
        holds=lambda mine, other, ours, theirs: (
            mine[0][1].startswith(other[0][1]) and other[0][1] != mine[0][1]
        ),
        reason="feedparser cuts a mail address after the fourth letter of its top-level domain",
    ),
    Difference(
        files=("rss10-many.rdf", "windows-1251-xakep-ru.xml"),
        fields=("entry.authors",),
        holds=lambda mine, other, ours, theirs: mine[0][1] == other[0][1] and "mailto:" in other[0][0],
        reason="feedparser leaves mailto: in the name",
    ),
    Difference(
        files=("microblog-3960.json",),
        fields=("entry.authors",),
        holds=lambda mine, other, ours, theirs: (
            mine == [(name, url.removeprefix("mailto:"), "") for name, _, url in other]
        ),
        reason="a JSON Feed author whose page is a mailto: address has a mail address",
    ),
    Difference(
        files=("rss20-media-rss.xml",),
        fields=("entry.enclosures",),
        holds=_media,
        reason="files of Media RSS are enclosures here",
    ),
    Difference(
        files=("atom10-content-src.atom",),
        fields=("entry.enclosures",),
        holds=_only_ours,
        reason="content that is elsewhere and no text is an enclosure here",
    ),
    Difference(
        files=("rss20-xml-base.xml",),
        fields=("entry.enclosures",),
        holds=lambda mine, other, ours, theirs: (
            mine == [(urljoin("https://base.example/x/", one[0]), *one[1:]) for one in other]
        ),
        reason="feedparser leaves the addresses of enclosures relative",
    ),
    Difference(
        files=("podcast-cre-de.xml",),
        fields=("entry.content",),
        holds=lambda mine, other, ours, theirs: mine != other and mine in theirs["_contents"],
        reason="to feedparser itunes:summary is one of several contents, here the first",
    ),
    Difference(
        files=("podcast20-example.xml",),
        fields=("link", "description"),
        holds=lambda mine, other, ours, theirs: bool(mine and other),
        reason="feedparser takes what stands inside podcast:liveItem for the channel's own",
    ),
    Difference(
        files=("rss092-many-en.xml",),
        fields=("description",),
        holds=lambda mine, other, ours, theirs: other == ("Visit java.sun.com", ()),
        reason="feedparser takes the picture's description for the channel's",
    ),
    Difference(
        files=("shift_jis-accessories-ja.xml",),
        fields=("entry.tags",),
        holds=lambda mine, other, ours, theirs: _words(mine) == _words(other).replace("\u2212", "\uff0d"),
        reason="what is labelled Shift_JIS is windows-31j (WHATWG Encoding); feedparser reads JIS X 0208",
    ),
    Difference(
        files=("utf-8-ja-categories.xml",),
        fields=("entry.summary",),
        holds=lambda mine, other, ours, theirs: _same_words(mine[0], _words(seen(other[0], markup=True)[:1])),
        reason="elements and CDATA in one description, of which feedparser shows the tags",
    ),
    Difference(
        files=("utf-8-ja-categories.xml",),
        fields=("entry.content",),
        holds=lambda mine, other, ours, theirs: mine is None and ours["summary"][0].startswith(other[0]),
        reason="itunes:summary stands in only where there is no text; to feedparser it is the content",
    ),
    Difference(
        files=("utf-8-ukrnet-uk.xml", "windows-1251-iconv-ru.xml"),
        fields=("entry.content",),
        holds=_only_ours,
        reason="full texts as Yandex and others have them, which feedparser does not know",
    ),
)
#: Files whose items hold nothing: feedparser has an empty entry for each, we count a drop.
EMPTY_ENTRIES = {"items-nested-in-items.xml": 10}
