"""An uncleaned entry as it is kept beside its item: JSON, packed, so that items can be cleaned again
when the rules change. The store never looks into it."""

from __future__ import annotations

import sys

import orjson

from aggregator.model.document import Entry

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_compressor = zstd.ZstdCompressor(level=1)  # 3 kB an entry: higher levels gain a few per cent


def packed(entry: Entry) -> bytes:
    """``entry`` as JSON, compressed with zstd."""
    return _compressor.compress(orjson.dumps(entry), zstd.ZstdCompressor.FLUSH_FRAME)


def unpacked(raw: bytes) -> bytes:
    """The JSON that `packed` wrote."""
    return zstd.decompress(raw)
