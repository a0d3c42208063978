"""The fields of an entry beside its texts, each made trustworthy on its own.

Every function takes what a stranger wrote and gives what may be published, or nothing: one bad field
never costs the item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aggregator.model.document import Enclosure, EntrySource, Extension, Image, Link, Person, Tag, Text
from aggregator.process import text
from aggregator.process.links import absolute
from aggregator.process.sanitize import clean, visible_text

MAX_TITLE = 500
MAX_NAME = 200
MAX_PEOPLE = 50
MAX_TAGS = 50
MAX_LINKS = 50
MAX_ENCLOSURES = 20
MAX_ELEMENTS = 200
MAX_DEPTH = 8
MAX_EXTENSION_TEXT = 20_000
_MAX_LENGTH = 2**53  # the largest whole number that JSON readers keep exactly

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}")
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):\S+")
_HARMFUL = re.compile(
    r"(?:javascript|vbscript|livescript|mocha|view-source|jar|blob|filesystem):|data:[^\s,]*,|file:[/\\]",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060\ufeff]+")
_OPENABLE = text.words("http https mailto tel geo")
_NAMING = _OPENABLE | text.words("urn tag doi info acct isbn feed sip xmpp magnet nostr at")
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_ADDRESS_NAMES = text.words("url href src uri feedurl link source icon image")


def plain(construct: Text | None) -> str:
    """The plain text of a text construct, as one scrubbed line of any length."""
    if construct is None:
        return ""
    if construct.type == "text":
        return text.fold(text.scrub(construct.value))
    return visible_text(construct.value)


def language(*candidates: str | None) -> str | None:
    """The first candidate that is shaped like a language tag (BCP 47), with "_" for "-" forgiven."""
    for candidate in candidates:
        tag = (candidate or "").strip().replace("_", "-")
        if _LANGUAGE.fullmatch(tag):
            return tag
    return None


def media_type(value: str) -> str:
    """A media type in lower case without parameters; "" if it is none."""
    value = value.partition(";")[0].strip().lower()
    return value if _MEDIA_TYPE.fullmatch(value) else ""


def people(persons: Sequence[Person], base: str | None) -> tuple[Person, ...]:
    """Persons with a name, an address or an e-mail address left, each once."""
    if not persons:
        return ()
    kept = (
        Person(
            name=text.line(person.name, MAX_NAME),
            url=absolute(person.url, base) or "",
            email=_email(person.email),
            avatar=absolute(person.avatar, base) or "",
        )
        for person in persons
    )
    return tuple(dict.fromkeys(one for one in kept if one.name or one.url or one.email))[:MAX_PEOPLE]


def _email(value: str) -> str:
    if "@" not in value:
        return ""
    value = text.line(value, MAX_NAME).removeprefix("mailto:")
    return value if "@" in value and not re.search(r'[\s<>"\'\\]', value) else ""


def tags(labels: Iterable[Tag]) -> tuple[Tag, ...]:
    """Tags with a term, each once. A scheme is kept if it is an http(s) address."""
    kept = (
        Tag(
            term=text.line(tag.term or tag.label, MAX_NAME),
            scheme=absolute(tag.scheme, None) or "",
            label=text.line(tag.label, MAX_NAME),
        )
        for tag in labels
    )
    return tuple(dict.fromkeys(tag for tag in kept if tag.term))


def other_links(found: Iterable[Link], base: str | None) -> tuple[Link, ...]:
    """Links with an absolute http(s) address and a relation, each once."""
    kept: list[Link] = []
    for link in found:
        href = absolute(link.href, base)
        rel = text.line(link.rel, MAX_NAME)
        if href is not None and rel and not _HARMFUL.match(rel):
            kept.append(
                Link(
                    rel=rel,
                    href=href,
                    media_type=media_type(link.media_type),
                    title=text.line(link.title, MAX_TITLE),
                    language=language(link.language) or "",
                )
            )
    return tuple(dict.fromkeys(kept))


def enclosures(files: Iterable[Enclosure], base: str | None) -> tuple[Enclosure, ...]:
    """Enclosures with an absolute http(s) address, one an address."""
    kept: dict[str, Enclosure] = {}
    for file in files:
        url = absolute(file.url, base)
        if url is None or url in kept:
            continue
        length, duration = file.length_bytes, file.duration_s
        kept[url] = Enclosure(
            url=url,
            media_type=media_type(file.media_type),
            length_bytes=length if length is not None and 0 <= length <= _MAX_LENGTH else None,
            duration_s=duration if duration is not None and 0 <= duration <= _MAX_LENGTH else None,
            title=text.line(file.title, MAX_TITLE),
        )
    return tuple(kept.values())


def image(found: Image | None, base: str | None) -> Image | None:
    """The picture, if its address is absolute http(s)."""
    url = absolute(found.url, base) if found is not None else None
    if found is None or url is None:
        return None
    return Image(url=url, title=text.line(found.title, MAX_TITLE), link=absolute(found.link, base) or "")


def entry_source(found: EntrySource | None, base: str | None) -> EntrySource | None:
    """Where the entry came from; None if nothing usable is left."""
    if found is None:
        return None
    source = EntrySource(
        title=text.line(found.title, MAX_TITLE),
        url=absolute(found.url, base) or "",
        link=absolute(found.link, base) or "",
        id="" if _is_harmful(found.id) else text.line(found.id, MAX_TITLE),
    )
    return source if source != EntrySource() else None


def _is_harmful(value: str) -> bool:
    """Whether ``value`` would run or read something if it were opened as an address."""
    return _HARMFUL.match(_BLANKS.sub("", value[:200])) is not None


def extensions(elements: Iterable[Extension]) -> tuple[Extension, ...]:
    """Elements to pass on, in order: at most 200 in all and 8 deep, with no address that could run.

    An attribute that is named like an address must be http(s), mailto, tel or geo; a value of one
    word that starts with any other unknown scheme is removed, as is every javascript:, data:,
    vbscript: and file: address wherever it stands. Markup becomes plain text, or cleaned HTML where
    ``type="html"`` says that it is meant. An element that loses all it said is removed.
    """
    return _extensions(elements, 1, [MAX_ELEMENTS])


def _extensions(elements: Iterable[Extension], depth: int, left: list[int]) -> tuple[Extension, ...]:
    kept: list[Extension] = []
    for element in elements:
        if left[0] <= 0 or depth > MAX_DEPTH:
            break
        if not _XML_NAME.fullmatch(element.name) or _is_harmful(element.namespace):
            continue
        left[0] -= 1
        attributes = tuple(
            (name, value)
            for name, value in ((name, _value(name, raw)) for name, raw in element.attributes)
            if value is not None and _XML_NAME.fullmatch(name)
        )
        words = _value(element.name, element.text, strict=False) or ""
        if _MARKUP.search(words):
            words = clean(words, None) if ("type", "html") in attributes else visible_text(words)
        children = _extensions(element.children, depth + 1, left)
        said = bool(element.attributes or element.text or element.children)
        if said and not (attributes or words or children):
            continue
        kept.append(
            Extension(
                namespace=text.line(element.namespace, MAX_TITLE),
                name=element.name,
                attributes=attributes,
                text=words,
                children=children,
            )
        )
    return tuple(kept)


def _value(name: str, raw: str, *, strict: bool = True) -> str | None:
    """A trusted value of an extension's attribute or text; None if it must go."""
    value = text.shorten(text.scrub(raw), MAX_EXTENSION_TEXT)
    if _is_harmful(raw):
        return None
    if strict and _MARKUP.search(value):
        value = visible_text(value)
    bare = value.strip()
    scheme = _SCHEME.fullmatch(bare)
    if strict and name.lower() in _ADDRESS_NAMES:
        if scheme is not None:
            return bare if scheme[1].lower() in _OPENABLE else None
        return None if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", _BLANKS.sub("", bare[:200])) else value
    if scheme is not None and scheme[1].lower() not in _NAMING:
        return None
    return value
