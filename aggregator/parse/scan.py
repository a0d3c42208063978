"""Finds the large parts of XML text (comments, CDATA, DOCTYPE, tags) without parsing it.

For text that a parser has refused. Every function is linear in the length of the text, also on
hostile input: constructs are found going forward once, and a terminator found missing is not looked
for again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SPACE = " \t\r\n"
# XML 1.0 production 4 and 4a
_START = (
    ":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
NAME = f"[{_START}][{_START}\\-.0-9\xb7\u0300-\u036f\u203f\u2040]*+"
#: A tag (closing slash, name, the rest before ">"), or a "<" that starts none. No quoted value may
#: hold a "<", which bounds the search by the next one.
MARKUP = re.compile(f"<(/?)({NAME})((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>|<")
#: An attribute: name, then its value in double quotes, in single quotes, or bare.
ATTRIBUTE = re.compile(f"({NAME})(?:[{SPACE}]*+=[{SPACE}]*+(?:\"([^\"]*+)\"|'([^']*+)'|([^{SPACE}\"'>]++)))?")

_CLOSERS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", '"': '"', "'": "'"}
_OPENER = re.compile(r"<!--|<!\[CDATA\[|<\?")
_DTD_TOKEN = re.compile(r"<!--|<\?|[\"'\[\]>]")
_PROLOG = re.compile(rf"[{SPACE}]++|<\?[^>]*+>")


def chunks(text: str) -> Iterator[tuple[str, int, int]]:
    """(opener, start, end) of each comment "<!--", CDATA section "<![CDATA[" and processing
    instruction "<?", and of the markup and text between them, whose opener is ""."""
    done = at = 0
    missing: set[str] = set()
    while match := _OPENER.search(text, at):
        opener, at = match[0], match.end()
        if opener in missing:
            continue
        end = text.find(_CLOSERS[opener], at)
        if end < 0:
            missing.add(opener)
            continue
        yield "", done, match.start()
        done = at = end + len(_CLOSERS[opener])
        yield opener, match.start(), done
    yield "", done, len(text)


def prolog_end(text: str) -> int:
    """Where white space and processing instructions at the head end, mangled declarations such as
    ``<?xml?xml version="1.0" ??>`` included."""
    at = 0
    while match := _PROLOG.match(text, at):
        at = match.end()
    return at


def doctype_start(text: str) -> int:
    """Where the document type declaration stands before the first tag, or -1."""
    at = 0
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            at = text.find("-->", at)
        elif text.startswith("<?", at):
            at = text.find(">", at)
        else:
            return at if text[at + 1 : at + 9].lower() == "!doctype" else -1
        if at < 0:
            return -1
    return -1


def doctype_end(text: str, start: int) -> int:
    """Where the declaration at ``start`` ends, its internal subset included."""
    at, inside = start, False
    missing: set[str] = set()
    while match := _DTD_TOKEN.search(text, at):
        token, at = match[0], match.end()
        if token in "[]":
            inside = token == "["
        elif token == ">":
            if not inside:
                return at
        elif token not in missing:
            end = text.find(_CLOSERS[token], at)
            if end < 0:
                missing.add(token)
            else:
                at = end + len(_CLOSERS[token])
    return text.find(">", start) + 1 or len(text)


def first_tag(text: str) -> re.Match[str] | None:
    """The first start tag outside comments, CDATA and processing instructions (a `MARKUP` match)."""
    for opener, start, end in chunks(text):
        if opener:
            continue
        for match in MARKUP.finditer(text, start, end):
            if match[2] and not match[1]:
                return match
    return None
