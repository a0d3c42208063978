"""A DNS server on the loopback interface whose answers a test changes as it goes."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import cast

_TYPES = {4: 1, 6: 28}  # A, AAAA


class NameServer(asyncio.DatagramProtocol):
    """Says of every name that it has the ``addresses`` of the moment, and that they last for 0 s.
    ``asked`` counts the questions."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, sender: tuple[str | object, int]) -> None:
        self.asked += 1
        end = data.index(b"\0", 12) + 5  # RFC 1035 section 4.1: the header, a name, its type and class
        (wanted,) = struct.unpack_from("!H", data, end - 4)
        found = [one.packed for one in map(ip_address, self.addresses) if _TYPES[one.version] == wanted]
        answers = b"".join(
            struct.pack("!HHHIH", 0xC00C, wanted, 1, 0, len(packed)) + packed for packed in found
        )
        head = data[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0)
        self._transport.sendto(head + data[12:end] + answers, sender)


@asynccontextmanager
async def serving(*addresses: str) -> AsyncIterator[NameServer]:
    """A server that runs for as long as the block."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServer(*addresses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
