"""Reads a body within two limits, on the wire and unpacked, and tells whether it came whole.

The unpacking is ours rather than the HTTP library's, because that one cannot say that a gzip stream was
cut off, returns a body packed twice still packed, and hides how much was sent.
"""

from __future__ import annotations

import sys
import zlib
from typing import Any, Protocol

import aiohttp
import brotli

from aggregator.errors import NetworkError, RefusedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"

# Words that servers put into Content-Encoding although nothing is packed.
_NO_CODING = frozenset({"", "identity", "none", "utf-8", "utf8", "binary", "8bit"})

# Streams of many tiny members make every decoder copy what follows each one. Parallel packers write
# members of 64 KiB and more, so no honest feed has this many.
_MAX_MEMBERS = 1024

_ZSTD_WINDOW_LOG = 23  # RFC 9659: at most 8 MB of memory for content codings

CUT_OFF = "the answer was cut off"


class _Stream(Protocol):
    """One compressed stream. ``feed`` gives at most about ``room`` octets and may be called again with
    b"" for more; ``hungry`` says that it has no more to give without input."""

    done: bool
    rest: bytes

    def feed(self, data: bytes, room: int) -> bytes: ...

    @property
    def hungry(self) -> bool: ...


class _Zlib:
    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)
        self.done, self.rest = False, b""

    def feed(self, data: bytes, room: int) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, room)
        self.done, self.rest = self._inner.eof, self._inner.unused_data
        return out

    @property
    def hungry(self) -> bool:
        return not self._inner.unconsumed_tail


class _Brotli:
    def __init__(self) -> None:
        self._inner: Any = brotli.Decompressor()
        self.done, self.rest = False, b""

    def feed(self, data: bytes, room: int) -> bytes:
        out: bytes = self._inner.process(data, output_buffer_limit=room)
        self.done = self._inner.is_finished()
        return out

    @property
    def hungry(self) -> bool:
        return bool(self._inner.can_accept_more_data())


class _Zstd:
    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
        self._inner = zstd.ZstdDecompressor(options=options)
        self.done, self.rest = False, b""

    def feed(self, data: bytes, room: int) -> bytes:
        out = self._inner.decompress(data, room)
        self.done, self.rest = self._inner.eof, self._inner.unused_data
        return out

    @property
    def hungry(self) -> bool:
        return self._inner.needs_input


class Unpacker:
    """Collects a body in a content coding ("" for none), up to ``limit`` octets once unpacked.

    Raises RefusedError beyond the limit, unless a ``part`` is enough and it is ``full`` then, and
    NetworkError for damaged or incomplete data.
    """

    def __init__(self, coding: str, limit: int, *, part: bool = False) -> None:
        self._coding = coding
        self._limit = limit
        self._part = part
        self.full = False
        self._body = bytearray()
        self._stream: _Stream | None = None
        self._members = 0
        self._over = False  # the last member is complete and what follows is no other

    def feed(self, data: bytes) -> None:
        """Take a piece of the body as sent."""
        if not self._coding:
            self._body += data
            self._check()
            return
        while data and not self._over and not self.full:
            stream = self._stream or self._next_member(data)
            if stream is None:
                return
            self._drain(stream, data)
            data = stream.rest if stream.done else b""

    def finish(self) -> bytes:
        """The whole body, or the part of it; NetworkError when its packed form has no end."""
        if self._stream is not None and not self.full:
            raise NetworkError(f"{CUT_OFF}: its {self._coding} coding has no end", reached=True)
        return bytes(self._body[: self._limit])

    def _next_member(self, data: bytes) -> _Stream | None:
        """Begin a stream. After the first, only gzip and zstd have further ones; padding is ignored,
        as browsers do."""
        first = data[0]
        if self._members and not (
            (self._coding == "gzip" and first == 0x1F)
            or (self._coding == "zstd" and (first == 0x28 or first & 0xF0 == 0x50))
        ):
            self._over = True
            return None
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise RefusedError(f"the answer is packed in more than {_MAX_MEMBERS} pieces")
        match self._coding:
            case "gzip":
                self._stream = _Zlib(16 + zlib.MAX_WBITS)
            case "deflate":  # zlib's format by RFC 9110; some servers send it bare
                self._stream = _Zlib(zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS)
            case "br":
                self._stream = _Brotli()
            case _:
                self._stream = _Zstd()
        return self._stream

    def _drain(self, stream: _Stream, data: bytes) -> None:
        while True:
            try:
                out = stream.feed(data, self._limit - len(self._body) + 1)
            except (zlib.error, brotli.error, zstd.ZstdError):
                raise NetworkError(f"the answer's {self._coding} coding is damaged", reached=True) from None
            self._body += out
            self._check()
            data = b""
            if stream.done:
                self._stream = None
                return
            if stream.hungry or self.full:
                return

    def _check(self) -> None:
        if len(self._body) <= self._limit:
            return
        self.full = self._part
        if not self.full:
            raise RefusedError(f"the answer is larger than {self._limit} bytes")


def coding_of(header: str) -> str:
    """The one content coding that a Content-Encoding header names, "" for none.

    RefusedError for several at once (RFC 9110 section 8.4 has them, only attackers use them) and for
    unknown ones.
    """
    codings = [word for part in header.split(",") if (word := part.strip().lower()) not in _NO_CODING]
    if not codings:
        return ""
    if len(codings) > 1:
        raise RefusedError("the answer is packed more than once")
    coding = "gzip" if codings[0] == "x-gzip" else codings[0]
    if coding not in ("gzip", "deflate", "br", "zstd"):
        raise RefusedError("the answer is packed in a way that was not asked for")
    return coding


async def read(
    response: aiohttp.ClientResponse, *, max_wire: int, max_body: int, part: bool = False
) -> tuple[bytes, int]:
    """The unpacked body, or its beginning where a ``part`` is enough, and the number of octets on the wire.
    Raises FetchError; the client's own exceptions pass to the caller. A response left half read is closed
    when the caller releases it."""
    coding = coding_of(",".join(response.headers.getall("Content-Encoding", [])))
    unpacker = Unpacker(coding, max_body, part=part)
    announced = response.content_length
    if announced is not None and announced > max_wire and not part:
        raise _too_much(max_wire)
    wire = 0
    while not unpacker.full and (data := await response.content.readany()):
        wire += len(data)
        if wire > max_wire:
            raise _too_much(max_wire)
        unpacker.feed(data)
    return unpacker.finish(), wire


def _too_much(max_wire: int) -> RefusedError:
    return RefusedError(f"the answer is larger than {max_wire} bytes on the wire")
