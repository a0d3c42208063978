"""Keeps fetches out of private networks: whatever name, redirect or notation led there.

The check is made in the connector's socket factory, the one place that sees every address about to be
connected to: a check of names or of DNS answers never sees literals, and DNS can answer differently the
second time. The allow-list is read like this:

- an address, ``address:port`` or CIDR block admits these addresses under every name;
- a host name or ``host:port`` admits whatever addresses that name has, for requests to that very name.
  Connections are pooled by host and port, so one opened under such a name is never used for another.
"""

from __future__ import annotations

import errno
import socket
from contextvars import ContextVar, Token
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp

from aggregator.errors import ConfigError, Problem, RefusedError
from aggregator.fetch.address import ascii_host

Address = IPv4Address | IPv6Address

# What `ipaddress` calls global although it is not the public's: protocol assignments with a metadata
# service (192.0.0.192), 6to4 relays, Azure's host service, and NAT64 prefixes of local use.
_NEVER_V4 = tuple(IPv4Network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that has been given out as unicast
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; the wider 64:ff9b:1::/48 is local (RFC 8215)
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291 section 2.5.5.1


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One request's way to a connection. ``named`` says that the allow-list has its host name;
    ``refused`` and ``dialled`` tell what became of the addresses."""

    named: bool
    refused: bool = False
    dialled: bool = False


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


class Guard:
    """Decides about addresses. ``allow`` holds host, host:port, address, address:port, [v6]:port and
    CIDR entries; ConfigError for an entry that is none of these."""

    def __init__(self, allow: tuple[str, ...]) -> None:
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[IPv4Network | IPv6Network, int | None]] = []
        for entry in allow:
            self._add(entry.strip())

    def begin(self, host: str, port: int) -> tuple[Attempt, Token[Attempt | None]]:
        """Open an attempt for the current task (and the tasks that the connector starts from it)."""
        named = (host, None) in self._names or (host, port) in self._names
        attempt = Attempt(named=named)
        return attempt, _attempt.set(attempt)

    def end(self, token: Token[Attempt | None]) -> None:
        _attempt.reset(token)

    def socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The connector's socket factory. PermissionError (with an errno) when the address is refused,
        so that the connector may still try the host's other addresses."""
        family, kind, protocol, _, place = info
        attempt = _attempt.get()
        named = attempt is not None and attempt.named
        if not named and not self.admits(str(place[0]), int(place[1])):
            if attempt is not None:
                attempt.refused = True
            raise PermissionError(errno.EACCES, "a private address")
        if attempt is not None:
            attempt.dialled = True
        return socket.socket(family, kind, protocol)

    def admits(self, host: str, port: int) -> bool:
        """Whether an address, as text, may be connected to."""
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False  # no address at all, such as a unix socket's path
        if is_public(address):
            return True
        meant = {address, *embedded(address)}
        return any(
            allowed_port in (None, port) and any(a.version == network.version and a in network for a in meant)
            for network, allowed_port in self._networks
        )

    def _add(self, entry: str) -> None:
        host, port = _split(entry)
        try:
            self._networks.append((ip_network(host, strict=False), port))
        except ValueError:
            self._names.add((_name(host, entry), port))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet. An IPv6 address that only wraps an IPv4 one is
    judged by that one, because the packet ends there."""
    if isinstance(address, IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _NEVER_V4)
        )
    inner = embedded(address)
    if inner:
        return all(is_public(one) for one in inner)
    return address in _PUBLIC_V6 and address.is_global and not address.is_multicast


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside an IPv6 one: mapped, translated, compatible, NAT64, 6to4, Teredo (server
    and client). Empty where there is none."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def _split(entry: str) -> tuple[str, int | None]:
    """Host and port of an allow-list entry; a bare IPv6 address has no port."""
    if entry.startswith("["):
        host, closed, rest = entry[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return "", None
        port = rest.removeprefix(":")
    elif entry.count(":") == 1:
        host, _, port = entry.partition(":")
    else:
        host, port = entry, ""
    if port.isascii() and port.isdigit() and int(port) < 65536:
        return host, int(port)
    return (host, None) if not port else ("", None)


def _name(host: str, entry: str) -> str:
    try:
        if "/" not in host and ":" not in host:
            return ascii_host(host)
    except RefusedError:
        pass
    text = f"expected a host, an address (each with or without port) or a network, got {entry!r}"
    raise ConfigError((Problem(file="", line=0, where="fetch.allow_private", text=text),))
