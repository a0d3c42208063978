"""What a page would cost to parse, told without parsing it.

An HTML parser does not only read elements, it makes them: an unclosed ``<font>`` is opened anew in every
block that follows, so that 100 KB can become hundreds of megabytes, and deep nesting is quadratic.
"""

from __future__ import annotations

import re

from aggregator.errors import Unparsable

MAX_TAGS = 50_000
MAX_ELEMENTS = 200_000  # with those that a parser adds
MAX_DEPTH = 256
MAX_ATTRIBUTES = 2000  # of one tag: a parser looks for duplicates pair by pair

_FORMAT = "page"
# A quoted value holds no "<" here, which bounds the search for its end by the next tag. In scripts, end
# tags are written "<\\/b>".
_TAG = re.compile(r"<(\\?/)?([a-zA-Z][^\s/<>]{0,20})((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_GAP = re.compile(r"[\s=/]+")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
_CLOSED_BY_ITSELF = frozenset("p li dt dd tr td th thead tbody tfoot option optgroup rt rp".split())  # noqa: SIM905
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())  # noqa: SIM905


def refuse_costly(text: str) -> None:
    """Raises `Unparsable` for what could keep a parser busy for seconds: very many elements, those
    included that it adds by opening an unclosed ``<font>`` anew in every block; deep nesting, whose
    cost is quadratic; thousands of attributes. Linear, and rather too strict than too lax."""
    if text.count("<") > MAX_TAGS:
        raise Unparsable(f"more than {MAX_TAGS} tags", format=_FORMAT)
    open_: list[str] = []
    formatting = elements = 0
    for end, raw, rest in _TAG.findall(text):
        name = raw.lower()
        if end:
            if name in _FORMATTING:
                formatting -= formatting > 0
            elif name in open_:
                while open_.pop() != name:  # what was left open inside ends with it
                    pass
            continue
        if len(rest) > MAX_ATTRIBUTES and len(_GAP.findall(_QUOTED.sub("", rest))) > MAX_ATTRIBUTES:
            raise Unparsable(f"a tag with more than {MAX_ATTRIBUTES} attributes", format=_FORMAT)
        if name in _VOID:
            continue
        if name in _FORMATTING:
            formatting += 1
        else:
            elements += 1 + formatting
            if name not in _CLOSED_BY_ITSELF:
                open_.append(name)
        if len(open_) + formatting > MAX_DEPTH:
            raise Unparsable(f"elements nested deeper than {MAX_DEPTH}", format=_FORMAT)
    if elements > MAX_ELEMENTS:
        raise Unparsable(f"more than {MAX_ELEMENTS} elements", format=_FORMAT)
