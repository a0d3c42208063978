"""Bodies: whole or an error, and never beyond the limits."""

from __future__ import annotations

import asyncio
import gzip
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import NetworkError, RefusedError
from aggregator.fetch.body import Unpacker, coding_of
from aggregator.model.http import FetchRequest
from tests.fetch.conftest import Get, MakeClient
from tests.origin import Origin, Request, packed

CODINGS = ["gzip", "deflate", "raw-deflate", "br", "zstd"]
TEXT = random.Random(1).randbytes(30_000).hex().encode()


def unpack(coding: str, *pieces: bytes, limit: int = 1_000_000) -> bytes:
    unpacker = Unpacker(coding.removeprefix("raw-"), limit)
    for piece in pieces:
        unpacker.feed(piece)
    return unpacker.finish()


@given(st.binary(max_size=3000), st.sampled_from(CODINGS), st.integers(1, 50))
def test_any_body_in_any_pieces(body: bytes, coding: str, step: int) -> None:
    data = packed(body, coding)
    assert unpack(coding, *(data[at : at + step] for at in range(0, len(data), step))) == body


@pytest.mark.parametrize("coding", CODINGS)
def test_cut_off_streams_are_told(coding: str) -> None:
    data = packed(TEXT, coding)
    for length in (1, 5, len(data) // 2, len(data) - 1):
        with pytest.raises(NetworkError, match=r"cut off|damaged"):
            unpack(coding, data[:length])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_damaged_streams_are_told(coding: str) -> None:
    with pytest.raises(NetworkError, match="damaged"):
        unpack(coding, b"<rss>not packed at all</rss>" * 100)


def test_a_wrong_checksum_is_told() -> None:
    data = bytearray(gzip.compress(TEXT))
    data[-5] ^= 1
    with pytest.raises(NetworkError, match="damaged"):
        unpack("gzip", bytes(data))


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_several_members_are_one_body(coding: str) -> None:
    one, two = packed(b"one ", coding), packed(b"two", coding)
    assert unpack(coding, one + two) == unpack(coding, one, two) == b"one two"
    with pytest.raises(NetworkError, match="cut off"):
        unpack(coding, one + two[:-2])
    with pytest.raises(RefusedError, match="pieces"):
        unpack(coding, packed(b"x", coding) * 5000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_padding_behind_the_end_is_ignored(coding: str) -> None:
    data = packed(b"whole", coding)
    assert unpack(coding, data + b"\0" * 100, b"\0" * 100) == b"whole"


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "br", "zstd"])
def test_the_limit_is_exact(coding: str) -> None:
    data = packed(TEXT, coding or None)
    assert unpack(coding, data, limit=len(TEXT)) == TEXT
    with pytest.raises(RefusedError, match="larger"):
        unpack(coding, data, limit=len(TEXT) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_cost_no_memory(coding: str) -> None:
    bomb = packed(bytes(50_000_000), coding)
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError, match="larger"):
            unpack(coding, bomb, limit=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_zstd_window_beyond_the_standard_is_not_granted() -> None:
    from backports import zstd

    options = {zstd.CompressionParameter.window_log: 27}
    squeeze = zstd.ZstdCompressor(options=options)
    data = squeeze.compress(bytes(1000)) + squeeze.flush()
    with pytest.raises(NetworkError, match="damaged"):
        unpack("zstd", data)


@pytest.mark.parametrize(
    ("header", "coding"),
    [("", ""), ("identity", ""), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("identity, br", "br"), ("utf-8", ""),
     (" zstd ", "zstd"), (",gzip,", "gzip")],
)  # fmt: skip
def test_content_encoding_header(header: str, coding: str) -> None:
    assert coding_of(header) == coding


@pytest.mark.parametrize("header", ["gzip, gzip", "br, gzip", "compress", "aes128gcm", "dcb"])
def test_content_encodings_that_are_refused(header: str) -> None:
    with pytest.raises(RefusedError, match="packed"):
        coding_of(header)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("chunked", [False, True])
async def test_codings_over_the_wire(origin: Origin, get: Get, coding: str, chunked: bool) -> None:
    origin.serve("/", TEXT, encoding=coding, chunked=chunked)
    result = await get("/")
    assert result.body == TEXT
    assert result.wire_bytes == len(packed(TEXT, coding))
    origin.serve("/cut", TEXT, encoding=coding, chunked=chunked, truncate_at=20_000)
    with pytest.raises(NetworkError, match="cut off"):
        await get("/cut")


async def test_a_coding_cut_off_inside_a_whole_message(origin: Origin, get: Get) -> None:
    origin.serve("/", gzip.compress(TEXT)[:-4], headers={"Content-Encoding": "gzip"})
    with pytest.raises(NetworkError, match="cut off"):
        await get("/")


async def test_double_packing_is_refused(origin: Origin, get: Get) -> None:
    origin.serve("/", gzip.compress(gzip.compress(b"x")), headers={"Content-Encoding": "gzip, gzip"})
    with pytest.raises(RefusedError, match="more than once"):
        await get("/")


async def test_an_empty_body_needs_no_coding(origin: Origin, get: Get) -> None:
    origin.serve("/", b"", headers={"Content-Encoding": "gzip"})
    assert (await get("/")).body == b""


@pytest.mark.parametrize("chunked", [False, True])
async def test_limits_on_the_wire_and_unpacked(
    origin: Origin, make_client: MakeClient, chunked: bool
) -> None:
    client = await make_client(max_wire_bytes=10_000)
    origin.serve("/", b"x" * 10_001, chunked=chunked)
    with pytest.raises(RefusedError, match="on the wire"):
        await client.fetch(FetchRequest(url=origin.url("/")))
    origin.serve("/", b"x" * 10_000, chunked=chunked)
    assert len((await client.fetch(FetchRequest(url=origin.url("/")))).body) == 10_000
    with pytest.raises(RefusedError, match="larger than 9999"):
        await client.fetch(FetchRequest(url=origin.url("/"), max_body_bytes=9_999))
    origin.serve("/", zlib.compress(bytes(100_000)), chunked=chunked, headers={"Content-Encoding": "deflate"})
    with pytest.raises(RefusedError, match="larger than 99999"):
        await client.fetch(FetchRequest(url=origin.url("/"), max_body_bytes=99_999))


async def test_an_announced_size_is_refused_before_it_arrives(origin: Origin, get: Get) -> None:
    async def promise(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        await asyncio.Event().wait()

    origin.raw("/", promise)
    with pytest.raises(RefusedError, match="on the wire"):
        await get("/")


async def test_an_endless_body_is_stopped(origin: Origin, make_client: MakeClient) -> None:
    gone = asyncio.Event()

    async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        finally:
            gone.set()

    origin.raw("/", endless)
    client = await make_client(max_wire_bytes=1_000_000)
    with pytest.raises(RefusedError, match="on the wire"):
        await client.fetch(FetchRequest(url=origin.url("/")))
    async with asyncio.timeout(20):
        await gone.wait()  # the connection was closed, not left to fill up
