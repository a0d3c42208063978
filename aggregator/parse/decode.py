"""Bytes to text, because half of the world's feeds lie about their encoding or do not state it.

The order is that of RFC 7303 section 3: byte order mark, ``charset`` of the HTTP header, the
document's own declaration, UTF-8; then a detector. What is stated wins as long as the bytes agree
with it (or are UTF-8 under a label that any bytes agree with); only bytes that contradict it make us
look further, and only when nothing fits whole are single characters replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import cchardet
from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

Kind = Literal["xml", "html", "json"]

# Codecs a document may name. Everything else is refused: EBCDIC, UTF-7, HZ and the escaping codecs
# spell "<" with other bytes than everybody else, which lets text turn into markup.
_SINGLE_BYTE = frozenset(
    [f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))]
    + [f"cp125{digit}" for digit in range(9)]
    + ["ascii", "cp437", "cp850", "cp852", "cp855", "cp866", "cp874", "koi8-r", "koi8-u"]
    + ["mac-roman", "mac-cyrillic", "mac-greek", "mac-latin2"]
)
_MULTI_BYTE = frozenset(["gb18030", "big5hkscs", "cp950", "cp932", "cp949", "johab", "euc_jp", "iso2022_jp"])
# The same label is used for several supersets; they differ in vendor characters only.
_SUPERSETS = {
    "big5hkscs": ("big5hkscs", "cp950"),
    "cp950": ("cp950", "big5hkscs"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "cp932": ("cp932", "shift_jis_2004"),
}
# Guesses that a handful of accented letters cannot tell from windows-1252, by far the likelier.
_LATIN = frozenset(
    [f"iso8859-{part}" for part in (1, 2, 3, 4, 9, 10, 13, 14, 15, 16)]
    + ["cp1250", "cp1254", "cp1257", "cp1258", "mac-roman", "mac-latin2"]
)
_LATIN_EVIDENCE = 40  # bytes beyond ASCII, below which a Latin guess means nothing
_DETECT_BYTES = 100_000

_NUL_PATTERNS = (  # how two ASCII characters look without a byte order mark (XML 1.0 appendix F)
    (re.compile(rb"[^\0]\0\0\0[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"),
)
_XML_DECLARED = re.compile(rb"""<\?xml[^<>]{0,200}?\bencoding\s*=\s*["']?\s*([\w.:-]{1,40})""")
_HEADER_LABEL = re.compile(r"""(?:^|[;,\s])charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_HIGH = re.compile(rb"[\x80-\xff]")
_ASCII = bytes(range(128))
_STRAY = re.compile("[\udc80-\udcff]")  # a byte that is no UTF-8, as "surrogateescape" hands it on
_ASCII_TEXT = re.compile(r"[\x00-\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """``text`` has no byte order mark. ``encoding`` is Python's name of the codec used. ``damaged``
    is True when no encoding fitted whole: some bytes became U+FFFD, or were read in another one."""

    text: str
    encoding: str
    damaged: bool = False


def decode(data: bytes, content_type: str | None, *, kind: Kind) -> Decoded:
    """The text of ``data``. Never raises: bytes that fit nothing become U+FFFD.

    ``content_type`` is the HTTP header, of which only ``charset`` counts; ``text/xml`` without one
    means "see the document", not US-ASCII (RFC 7303 section 3.2 against RFC 3023).
    ``kind`` says which declaration to look for: XML's, HTML's ``meta``, or none for JSON.
    """
    mark, bom = read_bom(data)
    if mark and bom:
        if mark != "utf-8":
            return _wide(data[len(bom) :], mark)
        data = data[len(bom) :]
    elif wide := _without_mark(data):
        return _wide(data, wide)
    stated = _stated(data, content_type, kind, marked=mark is not None)
    for codec in stated:
        text = _strict(data, codec)
        if text is not None:
            disguised = _utf8_after_all(data, codec) if codec in _SINGLE_BYTE else None
            return disguised or Decoded(text=text, encoding=codec)
    return _nearly(data, stated) or _detected(data) or _replaced(data, stated)


def _without_mark(data: bytes) -> str | None:
    head = data[:8]
    return next((codec for pattern, codec in _NUL_PATTERNS if pattern.match(head)), None)


def _wide(data: bytes, codec: str) -> Decoded:
    text = data.decode(codec, "replace")
    return Decoded(text=text, encoding=codec, damaged="\ufffd" in text)


def _stated(data: bytes, content_type: str | None, kind: Kind, *, marked: bool) -> tuple[str, ...]:
    """Codecs to try strictly, best first. UTF-16 and UTF-32 are absent: by now the bytes have
    neither a mark nor the NULs of either, whatever a label says."""
    names = ["utf-8"] if marked else []
    names += [name for name in (_header(content_type), _declared(data, kind)) if name]
    names.append("utf-8")
    codecs = [codec for name in names for codec in _SUPERSETS.get(name, (name,))]
    return tuple(dict.fromkeys(codecs))


def _header(content_type: str | None) -> str | None:
    if not content_type:
        return None
    match = _HEADER_LABEL.search(content_type)
    return _codec(match[1]) if match else None


def _declared(data: bytes, kind: Kind) -> str | None:
    if kind == "json":
        return None
    if kind == "html":
        label = html_body_declared_encoding(data[:4096])
        return _codec(label) if label else None
    match = _XML_DECLARED.search(data[:1024])
    return _codec(match[1].decode("ascii", "replace")) if match else None


def _codec(label: str) -> str | None:
    """The codec of a label, or None for labels that are unknown or refused."""
    label = label.strip().lower()
    if label in ("us-ascii", "ascii", "ansi_x3.4-1968"):
        return "ascii"
    name = resolve_encoding(label) or resolve_encoding(label.removeprefix("x-"))
    if name in ("utf-8", "utf-8-sig"):
        return "utf-8"
    return name if name in _SINGLE_BYTE or name in _MULTI_BYTE else None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _utf8_after_all(data: bytes, codec: str) -> Decoded | None:
    """UTF-8 under a label that any bytes agree with, which servers send by default. UTF-8 is not hit by
    chance; the few bytes in between that are none, somebody's pasted text, are read as ``codec``."""
    first = _HIGH.search(data)
    if first is None or data[first.start() :][:500].decode("utf-8", "ignore").isascii():
        return None  # soon seen, while what follows takes its time over a text full of strays
    text = data.decode("utf-8", "surrogateescape")
    strays = len(_STRAY.findall(text))
    if 20 * strays >= len(_ASCII_TEXT.sub("", text)) - strays:
        return None
    if strays:
        text = _STRAY.sub(lambda stray: bytes([ord(stray[0]) - 0xDC00]).decode(codec, "replace"), text)
    return Decoded(text=text, encoding="utf-8", damaged=strays > 0)


def _nearly(data: bytes, stated: tuple[str, ...]) -> Decoded | None:
    """A stated encoding with a few bad bytes: a text cut in the middle of a character, one pasted
    quotation mark. UTF-8 is hard to hit by chance, so there every second character may be bad."""
    best: tuple[int, Decoded] | None = None
    for codec in stated:
        if codec == "ascii":
            continue
        text = data.decode(codec, "replace")
        bad = text.count("\ufffd")
        if codec in _SINGLE_BYTE:
            tolerated = len(data.translate(None, _ASCII)) // 50 or 1
        else:
            good = len(_ASCII_TEXT.sub("", text)) - bad
            tolerated = good if codec == "utf-8" else (good + 17) // 20
        if bad <= tolerated and (best is None or bad < best[0]):
            best = bad, Decoded(text=text, encoding=codec, damaged=True)
    return best[1] if best else None


def _detected(data: bytes) -> Decoded | None:
    first = _HIGH.search(data)
    start = max(0, first.start() - 1000) if first else 0
    guess = cchardet.detect(data[start : start + _DETECT_BYTES])["encoding"]
    codec = _codec(guess) if guess else None
    if codec is None or codec in ("ascii", "utf-8"):
        codec = "cp1252"
    weak = codec in _LATIN and len(data.translate(None, _ASCII)) < _LATIN_EVIDENCE
    for name in ("cp1252", codec) if weak else _SUPERSETS.get(codec, (codec,)):
        text = _strict(data, name)
        if text is not None:
            return Decoded(text=text, encoding=name)
    return None


def _replaced(data: bytes, stated: tuple[str, ...]) -> Decoded:
    """The codec with the fewest replacements; the earlier one where two are equal."""
    guess = cchardet.detect(data[:_DETECT_BYTES])["encoding"]
    found = _codec(guess) if guess else None
    candidates = dict.fromkeys((*stated, *([found] if found else []), "cp1252"))
    texts = [(codec, data.decode(codec, "replace")) for codec in candidates]
    codec, text = min(texts, key=lambda pair: pair[1].count("\ufffd"))
    return Decoded(text=text, encoding=codec, damaged=True)
