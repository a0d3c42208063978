"""The encodings we can send. Bytes depend on the body alone, so that a strong ETag can vouch for them."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def _gzip(body: bytes) -> bytes:
    # wbits 31 writes a gzip header with no time and no name in it.
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=5))


def _zstd(body: bytes) -> bytes:
    return bytes(zstd.compress(body, 3))


# In our order of preference among those that a client likes equally.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "br": _brotli, "gzip": _gzip}
SMALLEST = 512  # bytes; below this, compression gains nothing
