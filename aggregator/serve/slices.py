"""The body of an answer, handed to a connection little by little."""

from __future__ import annotations

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

SLICE_BYTES = 64 * 1024


def sliced(body: bytes) -> bytes | Slices:
    """``body`` as aiohttp's `Response` is given it."""
    return Slices(body) if len(body) > SLICE_BYTES else body


class Slices(Payload):
    """Octets that many clients are given at once. A connection has two slices of its own at most, and waits
    with the next until they are taken: aiohttp's own way copies the whole for each client, also for one that
    never reads."""

    _default_content_type = "application/octet-stream"

    def __init__(self, body: bytes) -> None:
        super().__init__(body)

    @property
    def size(self) -> int:
        return len(self._value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        octets = memoryview(self._value)
        for start in range(0, len(octets), SLICE_BYTES):
            await writer.write(octets[start : start + SLICE_BYTES])  # waits while more than that is untaken
