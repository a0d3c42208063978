"""No packet to a private address, however it is written, named or redirected to."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ConfigError, NetworkError, RefusedError
from aggregator.fetch.guard import Guard, is_public
from aggregator.model.http import FetchRequest
from tests.fetch.conftest import MakeClient
from tests.origin import Origin

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.2", "::10.0.0.1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:2", "64:ff9b::10.0.0.1",
    "64:ff9b:1::a00:1", "64:ff9b:1::8.8.8.8", "2002:7f00:2::1", "2002:c0a8:101::1", "2001:0:7f00:1::1",
    "2001:0:808:808:0:0:80ff:fffe", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254",
    "ff02::1", "ff0e::1", "2001:db8::1", "100::1", "4000::1",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.1.1", "193.0.0.1", "223.255.255.254",
    "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    assert not Guard(()).admits(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_admitted(address: str) -> None:
    assert Guard(()).admits(address, 80)


@given(st.integers(0, 2**32 - 1))
def test_wrapping_never_changes_the_answer(number: int) -> None:
    plain = IPv4Address(number)
    mapped, translator = ip_address(f"::ffff:{plain}"), ip_address(f"64:ff9b::{plain}")
    sixtofour = ip_address((0x2002 << 112) | (number << 80) | 1)
    assert is_public(mapped) == is_public(translator) == is_public(sixtofour) == is_public(plain)


@pytest.mark.parametrize(
    ("entry", "admitted", "refused"),
    [
        ("127.0.0.1", ("127.0.0.1", 1), ("127.0.0.2", 1)),
        ("127.0.0.1", ("::ffff:127.0.0.1", 1), ("::1", 1)),
        ("127.0.0.1:9000", ("127.0.0.1", 9000), ("127.0.0.1", 9001)),
        ("10.0.0.0/8", ("10.9.8.7", 80), ("192.168.0.1", 80)),
        ("10.1.2.3/8", ("10.9.8.7", 80), ("127.0.0.1", 80)),
        ("::1", ("::1", 80), ("127.0.0.1", 80)),
        ("[::1]:8080", ("::1", 8080), ("::1", 80)),
        ("[fd00::1]", ("fd00::1", 8080), ("fd00::2", 8080)),
        ("fd00::/8", ("fd12::1", 8080), ("fe80::1", 8080)),
        ("intranet.example", ("8.8.8.8", 80), ("10.0.0.1", 80)),
    ],
)
def test_allow_list_of_addresses(entry: str, admitted: tuple[str, int], refused: tuple[str, int]) -> None:
    guard = Guard((entry,))
    assert guard.admits(*admitted)
    assert not guard.admits(*refused)


@pytest.mark.parametrize(
    "entry", ["", "10.0.0.0/99", "a/b", "[::1", "[::1]:x", "host:99999", "h:p", "::1::2"]
)
def test_broken_allow_list_entries_are_told(entry: str) -> None:
    with pytest.raises(ConfigError, match="allow_private"):
        Guard((entry,))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "%31%32%37.0.0.1",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "user:secret@127.0.0.1",
    ],
)
async def test_nothing_reaches_a_private_address(origin: Origin, make_client: MakeClient, host: str) -> None:
    client = await make_client(allow_private=())
    with pytest.raises(RefusedError, match="private address") as caught:
        await client.fetch(FetchRequest(url=f"http://{host}:{origin.port}/"))
    assert "secret" not in str(caught.value)
    assert origin.connections == 0


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "017700000001", "127.1"])
async def test_numbers_as_hosts_reach_nothing(origin: Origin, make_client: MakeClient, host: str) -> None:
    client = await make_client(allow_private=())
    with pytest.raises((RefusedError, NetworkError)):
        await client.fetch(FetchRequest(url=f"http://{host}:{origin.port}/"))
    assert origin.connections == 0


async def test_redirects_to_private_addresses_are_refused(origin: Origin, make_client: MakeClient) -> None:
    async with Origin() as inside:
        client = await make_client()
        for host in ("127.0.0.1", "localhost", "[::ffff:7f00:1]"):
            origin.serve("/go", redirect=f"http://{host}:{inside.port}/admin")
            with pytest.raises(RefusedError, match="private address"):
                await client.fetch(FetchRequest(url=origin.url("/go")))
        assert inside.connections == 0


async def test_a_host_name_entry_admits_that_name_only(origin: Origin, make_client: MakeClient) -> None:
    origin.serve("/", b"ok")
    client = await make_client(allow_private=("LocalHost",))
    by_name = FetchRequest(url=f"http://localhost:{origin.port}/")
    by_address = FetchRequest(url=origin.url("/"))
    assert (await client.fetch(by_name)).body == b"ok"
    with pytest.raises(RefusedError):
        await client.fetch(by_address)
    # At the same time as well: the permission belongs to the request, not to the moment.
    results = await asyncio.gather(
        *(client.fetch(request) for request in [by_name, by_address] * 5), return_exceptions=True
    )
    assert [isinstance(result, RefusedError) for result in results] == [False, True] * 5


async def test_a_host_name_entry_with_port(origin: Origin, make_client: MakeClient) -> None:
    origin.serve("/", b"ok")
    client = await make_client(allow_private=(f"localhost:{origin.port}",))
    assert (await client.fetch(FetchRequest(url=f"http://localhost:{origin.port}/"))).body == b"ok"
    other = await make_client(allow_private=(f"localhost:{origin.port % 65535 + 1}",))
    with pytest.raises(RefusedError):
        await other.fetch(FetchRequest(url=f"http://localhost:{origin.port}/"))


async def test_proxies_of_the_environment_are_ignored(
    origin: Origin, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Origin() as proxy:
        monkeypatch.setenv("http_proxy", proxy.base)
        monkeypatch.setenv("HTTP_PROXY", proxy.base)
        origin.serve("/", b"direct")
        client = await make_client()
        assert (await client.fetch(FetchRequest(url=origin.url("/")))).body == b"direct"
        assert proxy.connections == 0


def test_unix_sockets_are_no_addresses() -> None:
    with pytest.raises(PermissionError):
        Guard(()).socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/run/x.sock", 0)))
