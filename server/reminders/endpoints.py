"""Which push addresses we are willing to talk to.

A push endpoint is an address that a browser, and so anybody with an account, gave us. It is parsed, never
matched by pattern, its host compared with a list, and what the host resolves to must be a public address.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from yarl import URL

from server.settings import PUSH_HOSTS

MAX_LENGTH = 2048
HTTPS_PORT = 443

_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class EndpointRefused(Exception):
    """This address is not one that we send to; ``reason`` is a word for the log, without the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked endpoint: the URL as it will be requested, its host and port."""

    url: URL
    host: str
    port: int


def check_endpoint(text: str, hosts: Iterable[str] = PUSH_HOSTS) -> Endpoint:
    """Parse an endpoint and compare it with the list of push services; no name is resolved here.

    ``hosts`` holds ``host``, ``host:port`` or ``*.suffix``; without a port it means 443.
    Raises EndpointRefused.
    """
    url = _parse(text)
    host, port = url.host or "", HTTPS_PORT if url.port is None else url.port
    if not any(_listed(host, port, each) for each in hosts):
        raise EndpointRefused("host")
    return Endpoint(url, host, port)


def _parse(text: str) -> URL:
    # What two parsers could read in two ways is not worth reading: backslashes, blanks, controls, non-ASCII.
    if (
        len(text) > MAX_LENGTH
        or not text.isascii()
        or not text.isprintable()
        or any(c in text for c in '\\ "<>')
    ):
        raise EndpointRefused("characters")
    try:
        url = URL(text)
        _ = url.port  # out of range, it raises only when it is read
    except ValueError as error:
        raise EndpointRefused("syntax") from error
    if url.scheme != "https":
        raise EndpointRefused("scheme")
    if url.user is not None or url.password is not None or "@" in text.partition("//")[2].partition("/")[0]:
        raise EndpointRefused("user")
    if url.fragment or not url.host:
        raise EndpointRefused("syntax")
    if _is_number(url.host):
        raise EndpointRefused("address")
    return url


def _is_number(host: str) -> bool:
    """An address in any notation that a resolver might take for one: 127.0.0.1, 2130706433, 0x7f.1, [::1]."""
    last = host.rstrip(".").rsplit(".", 1)[-1]
    return ":" in host or last.isdigit() or last.lower().startswith("0x")


def _listed(host: str, port: int, pattern: str) -> bool:
    name, _, wanted = pattern.partition(":")
    if port != int(wanted or HTTPS_PORT):
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name


def is_public(text: str) -> bool:
    """Whether an address may be connected to: global, and not a disguise of one that is not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in _inside(address))


def _inside(address: Address) -> list[Address]:
    """The address, or the IPv4 addresses that an IPv6 one stands for (mapped, NAT64, 6to4, Teredo)."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    return [address]
