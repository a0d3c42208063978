"""Small feeds: what is not worth compressing goes out plain, and what is compressed always says so."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import brotli

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DECODERS: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}


def test_a_body_is_as_its_content_encoding_says(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    """Compressed bodies of every size around the limit, below which compression gains nothing."""
    sources = []
    for count in range(6):
        path = f"/{count}"
        threaded_origin.serve(path, rss(*((f"g{n}", f"Title {n}") for n in range(count)), title="T"))
        sources.append({"name": f"s{count}", "url": threaded_origin.url(path)})
    program = Program(tmp_path, configuration(sources))
    assert program.refresh()["items"]["new"] == 15
    sizes = []
    with Daemon(program, "serve") as daemon:
        for path in (f"/feeds/source/{each['name']}.{kind}" for each in sources for kind in ("json", "rss")):
            plain = daemon.get(path)[2]
            for encoding in ("gzip", "br", "zstd"):
                for _ in ("rendered", "cached"):
                    _, headers, body = daemon.get(path, Accept_Encoding=encoding)
                    assert DECODERS[headers.get("content-encoding")](body) == plain, (path, encoding)
                    sizes.append((len(plain), len(body), headers.get("content-encoding")))
    assert any(said is None for _, _, said in sizes), "too small to compress"
    assert any(said and packed < 512 < size for size, packed, said in sizes), "small once compressed"
