"""Makes ill-formed XML well-formed without touching what was well-formed already."""

from __future__ import annotations

import re
from html.entities import html5

from aggregator.parse.guess import feed_tag, is_html_tag
from aggregator.parse.prefixes import declare_prefixes
from aggregator.parse.scan import (
    ATTRIBUTE,
    MARKUP,
    NAME,
    SPACE,
    chunks,
    doctype_end,
    doctype_start,
    first_tag,
    prolog_end,
)

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAKS = {0x0B: " ", 0x0C: " "}  # word processors break lines with the one and pages with the other
# Code points of C1 controls, which are always bytes of windows-1252: &#146; is an apostrophe to every
# browser (HTML Standard, "numeric character reference end state"). Not in CDATA, where it is text.
_C1_REFERENCE = re.compile(r"&#(?:0*(1[2-5][0-9])|[xX]0*([89][0-9a-fA-F]));")
_C1_OR_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>|" + _C1_REFERENCE.pattern, re.DOTALL)
_REFERENCE = re.compile(r"&(?:#([0-9]++);|#[xX]([0-9a-fA-F]++);|([A-Za-z][A-Za-z0-9]*+);)?")
_SOUND_ATTRIBUTES = re.compile(
    f"(?:[{SPACE}]++{NAME}[{SPACE}]*+=[{SPACE}]*+(?:\"[^\"]*+\"|'[^']*+'))*+[{SPACE}]*+/?"
)
_XML_FIVE = frozenset(["amp", "lt", "gt", "quot", "apos"])
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def repair(text: str) -> str:
    """``text`` with its ill-formed parts put right, without XML declaration, DOCTYPE, comments and
    processing instructions. CDATA keeps every legal character.

    Characters that XML forbids go; HTML's named entities become characters, any other becomes its
    literal text, those that a DTD declares too; a stray "&" or "<" is escaped; attributes get quotes
    and lose duplicates; what surrounds the root element is cut; undeclared prefixes are declared.
    """
    text = _ILLEGAL.sub("", text.translate(_BREAKS) if "\x0b" in text or "\x0c" in text else text)
    text = without_c1_references(text)
    at = doctype_start(text)
    if at >= 0:
        text = text[:at] + text[doctype_end(text, at) :]
    text = text[prolog_end(text) :]
    text = "".join(_repaired(opener, text[start:end]) for opener, start, end in chunks(text))
    return declare_prefixes(_cut_to_root(text))


def without_c1_references(text: str) -> str:
    """``text`` with references to C1 controls as the characters of windows-1252 that were meant."""
    if "#" not in text or not _C1_REFERENCE.search(text):
        return text
    return _C1_OR_CDATA.sub(_of_windows, text)


def _of_windows(match: re.Match[str]) -> str:
    decimal, hexadecimal = match.groups()
    if not decimal and not hexadecimal:
        return match[0]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not 0x80 <= code <= 0x9F:
        return match[0]
    return bytes([code]).decode("cp1252", "ignore") or match[0]


def _repaired(opener: str, chunk: str) -> str:
    if opener == "<![CDATA[":
        return chunk
    if opener:
        return "<!---->"  # keeps what stands on its two sides apart
    if "&" in chunk:
        chunk = _REFERENCE.sub(_reference, chunk)
    return MARKUP.sub(_tag, chunk).replace("]]>", "]]&gt;")


def _reference(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        if name in _XML_FIVE:
            return match[0]
        found = html5.get(f"{name};")
        if found is None:
            return f"&amp;{name};"
        return "".join(_ESCAPES.get(character, character) for character in found)
    if not decimal and not hexadecimal:
        return "&amp;"
    digits = (decimal or hexadecimal).lstrip("0")
    if len(digits) > 7:
        return ""
    code = int(digits or "0", 10 if decimal else 16)
    if code > 0x10FFFF or _ILLEGAL.match(chr(code)):
        return ""
    return match[0].replace("&#X", "&#x")


def _tag(match: re.Match[str]) -> str:
    closing, name, rest = match.groups()
    if name is None or (rest and rest[0] not in "/ \t\r\n"):  # 1 < 2, <somebody@example.org>
        return "&lt;" + match[0][1:]
    if closing:
        return f"</{name}>"
    if _SOUND_ATTRIBUTES.fullmatch(rest):
        names = [found[1] for found in ATTRIBUTE.finditer(rest)] if rest.count("=") > 1 else []
        if len(names) == len(set(names)):
            return match[0]
    return _rebuilt(name, rest)


def _rebuilt(name: str, rest: str) -> str:
    """A start tag with quoted, unique attributes; of two with one name the first counts."""
    empty = rest.endswith("/")
    attributes: dict[str, str] = {}
    for found in ATTRIBUTE.finditer(rest[:-1] if empty else rest):
        value = next((group for group in found.groups()[1:] if group is not None), found[1])
        attributes.setdefault(found[1], value.replace('"', "&quot;"))
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}{'/' if empty else ''}>"


def _cut_to_root(text: str) -> str:
    """Without what precedes the root element and what follows it. A script's warning, which is
    HTML, may precede a feed."""
    tag = first_tag(text)
    if tag and is_html_tag(tag[2]) and (feed := feed_tag(text)):
        root = MARKUP.match(text, feed.start())
        if root and root[2] and text.find(f"</{tag[2]}>", _end(text, root)) < 0:
            tag = root
    if tag is None:
        return text
    return text[tag.start() : _end(text, tag)]


def _end(text: str, tag: re.Match[str]) -> int:
    """Where the element that ``tag`` starts ends: at the last end tag of its name, or nowhere."""
    if tag[3].endswith("/"):
        return tag.end()
    closing = f"</{tag[2]}>"
    last = text.rfind(closing, tag.end())
    return last + len(closing) if last >= 0 else len(text)
