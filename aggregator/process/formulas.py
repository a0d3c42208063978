"""MathML as text: hardly any reader shows it, and parsers disagree on what ends it, but it has its words.

Works on markup before it is cleaned, so it only has to be right, not safe.
"""

from __future__ import annotations

import re

_TAG = re.compile(r"<(/?)math(?=[\s/>])([^<>]*)>", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"""\salttext\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)
_TEX = re.compile(r"<annotation\s[^<>]*application/x-tex[^<>]*>([^<>]*)", re.IGNORECASE)
_NOTES = re.compile(r"<(annotation(?:-xml)?)(?=[\s>])")
_ANY_TAG = re.compile(r"<[^<>]*>")
# Wikis put a picture beside a formula, for those who cannot see the formula itself.
_PICTURE_FOLLOWS = re.compile(r"\s*(?:</span>\s*)?<img\s", re.IGNORECASE)


def as_text(html: str) -> str:
    """``html`` with every formula as its alternative text, its TeX, or else the words in it; a formula
    with a picture of it behind it goes. One that is not closed stays as it is."""
    kept: list[str] = []
    at = 0  # how far ``html`` was taken over
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(html):
        if not tag[1]:
            opened = opened or tag
        elif opened:
            kept.append(html[at : opened.start()])
            if not _PICTURE_FOLLOWS.match(html, tag.end()):
                kept.append(_said(opened[2], html[opened.end() : tag.start()]))
            at, opened = tag.end(), None
    return "".join((*kept, html[at:]))


def _said(attributes: str, inside: str) -> str:
    alternative = _ALTERNATIVE.search(attributes)
    if alternative:
        return alternative[1] or alternative[2] or ""
    tex = _TEX.search(inside)
    if tex:
        return tex[1].strip()
    notes = _NOTES.search(inside)
    return " ".join(_ANY_TAG.sub(" ", inside[: notes.start()] if notes else inside).split())
