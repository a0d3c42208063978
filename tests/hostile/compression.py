"""Bodies that are packed to harm, or not packed as they say."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from backports import zstd

from tests.hostile.case import TURNED, Case, fails, reads, served
from tests.origin import packed

BOMB = b"<rss><channel>" + b" " * 5_000_000
LIMIT = {"max_body": "1MiB"}
TOO_LARGE = fails("fetch", "RefusedError", "larger than 1048576 bytes$")
CUT = fails("fetch", "NetworkError", "cut off")
DAMAGED = fails("fetch", "NetworkError", "damaged")


def coded(body: bytes, coding: str) -> Any:
    return served(body, headers={"Content-Encoding": coding})


def wide_window() -> bytes:
    squeeze = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    return squeeze.compress(TURNED) + squeeze.flush()


def wrong_checksum() -> bytes:
    data = bytearray(gzip.compress(TURNED))
    data[-6] ^= 1
    return bytes(data)


CASES = (
    *(
        Case(
            name=f"{coding}-bomb",
            answer=coded(packed(BOMB, coding), coding.removeprefix("raw-")),
            expect=TOO_LARGE,
            keys=LIMIT,
        )
        for coding in ("gzip", "deflate", "raw-deflate", "br", "zstd")
    ),
    *(
        Case(name=f"{coding}-cut-off", answer=coded(packed(TURNED, coding)[:-9], coding), expect=CUT)
        for coding in ("gzip", "deflate", "br", "zstd")
    ),
    *(
        Case(name=f"{coding}-that-is-none", answer=coded(TURNED, coding), expect=DAMAGED)
        for coding in ("gzip", "br", "zstd")
    ),
    Case(name="gzip-wrong-checksum", answer=coded(wrong_checksum(), "gzip"), expect=DAMAGED),
    Case(
        name="gzip-twice",
        answer=coded(gzip.compress(gzip.compress(TURNED)), "gzip, gzip"),
        expect=fails("fetch", "RefusedError", "packed more than once"),
    ),
    Case(
        name="gzip-twice-said-once",
        answer=coded(gzip.compress(gzip.compress(TURNED)), "gzip"),
        expect=fails("parse", "NotAFeed", "gzip data"),
    ),
    Case(
        name="gzip-without-a-word",
        answer=served(gzip.compress(TURNED)),
        expect=fails("parse", "NotAFeed", "gzip data"),
    ),
    Case(
        name="gzip-of-thousands-of-pieces",
        answer=coded(gzip.compress(b" ") * 5000 + gzip.compress(TURNED), "gzip"),
        expect=fails("fetch", "RefusedError", "pieces"),
    ),
    Case(name="gzip-padded", answer=coded(gzip.compress(TURNED) + bytes(5000), "gzip"), expect=reads(2)),
    Case(name="deflate-bare", answer=coded(zlib.compress(TURNED)[2:-4], "deflate"), expect=reads(2)),
    Case(name="zstd-window-too-wide", answer=coded(wide_window(), "zstd"), expect=DAMAGED),
    Case(
        name="coding-unknown",
        answer=coded(TURNED, "compress"),
        expect=fails("fetch", "RefusedError", "not asked for"),
    ),
    Case(name="coding-empty-body", answer=coded(b"", "gzip"), expect=fails("parse", "NotAFeed", "empty")),
)
