"""What a page would cost to parse, told without parsing it.

An HTML parser does not only read elements, it makes them: an unclosed ``<font>`` is opened anew in every
block that follows, so that 100 KB can become gigabytes, and the cost of deep nesting is quadratic.
"""

from __future__ import annotations

import re

from aggregator.errors import Unparsable

MAX_TAGS = 50_000
MAX_ELEMENTS = 200_000  # with those that a parser adds
MAX_DEPTH = 256
MAX_ATTRIBUTES = 2000  # of one tag: a parser looks for duplicates pair by pair

_FORMAT = "page"
# A tag as HTML 13.2.5 reads it: quotes count behind "=" only. Scripts write end tags as "<\/b>".
_TOKEN = re.compile(
    r"<(\\?/)?([a-zA-Z][^\s/>]*+)"
    r"((?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)?+)*+)"
    r"|<!(?=--)|--!?>|<!\[CDATA\[[^>]*+|\]\]>|<[!?][^>]*+|</(?![a-zA-Z])[^>]*+"
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_GAP = re.compile(r"[\s=/]+")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
_CLOSED_BY_ITSELF = frozenset("p li dt dd tr td th thead tbody tfoot option optgroup".split())  # noqa: SIM905
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())  # noqa: SIM905
_ONCE = frozenset(["html", "head", "body", "form"])  # a second start opens none, an end cuts nothing off
# What an end tag of another element, such as a span's, does not reach through.
_SPECIAL = frozenset(
    "address article aside blockquote button center dd details dir div dl dt fieldset figcaption figure "  # noqa: SIM905
    "footer frameset h1 h2 h3 h4 h5 h6 header hgroup li listing main menu nav ol p plaintext pre search "
    "section summary tbody td tfoot th thead tr ul".split()
)
# Through these no other element's end tag reaches, or it is no tag at all.
_SCOPES = frozenset("table object applet marquee template foreignobject".split())  # noqa: SIM905
_RAW = frozenset("script style textarea title xmp iframe noembed noframes select".split())  # noqa: SIM905


def refuse_costly(text: str) -> None:
    """Raises `Unparsable` for what could keep a parser busy for seconds: very many elements, those
    included that it adds by opening an unclosed ``<font>`` anew in every block; deep nesting, whose
    cost is quadratic; thousands of attributes. Linear, and rather too strict than too lax: every start
    tag counts, and of end tags only those that surely are."""
    if text.count("<") > MAX_TAGS:
        raise Unparsable(f"more than {MAX_TAGS} tags", format=_FORMAT)
    open_ = _Open()
    elements = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if match[2] is None:
            open_.mark(token)
            continue
        name = match[2].lower()
        if match[1]:
            open_.end(name)
            continue
        rest = match[3]
        if len(rest) > MAX_ATTRIBUTES and len(_GAP.findall(_QUOTED.sub("", rest))) > MAX_ATTRIBUTES:
            raise Unparsable(f"a tag with more than {MAX_ATTRIBUTES} attributes", format=_FORMAT)
        if name in _VOID:
            continue
        if name not in _FORMATTING:
            elements += 1 + open_.formatting
        open_.start(name)
        if len(open_.names) > MAX_DEPTH:
            raise Unparsable(f"elements nested deeper than {MAX_DEPTH}", format=_FORMAT)
    if elements > MAX_ELEMENTS:
        raise Unparsable(f"more than {MAX_ELEMENTS} elements", format=_FORMAT)


class _Open:
    """The elements that are open: ``names``, of which ``formatting`` are formatting elements.

    ``scopes`` are (what ends it, how many names were open before it) of the tables and the like around
    us; the last may be a comment or an element that holds text, where tags may be none: there an end
    tag ends what was opened in it, and nothing before.
    """

    __slots__ = ("formatting", "names", "raw", "scopes")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.scopes: list[tuple[str, int]] = []
        self.formatting = 0
        self.raw = 0  # how many of the last scopes hold text

    def mark(self, token: str) -> None:
        """What is no tag: a comment's or CDATA section's start or end, or something of the kind."""
        if token == "<!" or token.startswith("<![CDATA["):
            if not self.raw and not token.endswith("]]"):
                self._enter("--" if token == "<!" else "]]")
        elif self.raw and self.scopes[-1][0] == token[:2]:
            self._leave()

    def start(self, name: str) -> None:
        """A start tag; void elements are none."""
        foreign = "svg" in self.names or "math" in self.names
        if name in (_ONCE | _CLOSED_BY_ITSELF) and not foreign:
            return
        if name in _SCOPES and not self.raw:
            self.scopes.append((name, len(self.names)))
        self.formatting += name in _FORMATTING
        self.names.append(name)
        if name in _RAW and (not self.raw or self.scopes[-1][0] == name):
            self._enter(name)  # in a drawing, they may be elements like others: hence the name as well

    def end(self, name: str) -> None:
        """An end tag, which may be one of nothing."""
        if self.raw:
            if self.scopes[-1][0] == name:
                del self.names[self._leave() - 1]
                return
        elif name in _SCOPES:
            if self.scopes and self.scopes[-1][0] == name:
                self._cut(self.scopes.pop()[1])
            return
        floor = self.scopes[-1][1] if self.scopes else 0
        for at in range(len(self.names) - 1, floor - 1, -1):
            if self.names[at] == name:
                if name in _FORMATTING:
                    del self.names[at]
                    self.formatting -= 1
                else:
                    self._cut(at)
                return
            if self.names[at] in _SPECIAL and name not in _SPECIAL and name not in _FORMATTING:
                return

    def _enter(self, end: str) -> None:
        self.scopes.append((end, len(self.names)))
        self.raw += 1

    def _leave(self) -> int:
        self.raw -= 1
        return self.scopes.pop()[1]

    def _cut(self, at: int) -> None:
        """Ends the element at a depth, and what was left open in it except for formatting elements: a
        parser opens these anew behind it."""
        self.names[at:] = [name for name in self.names[at + 1 :] if name in _FORMATTING]
