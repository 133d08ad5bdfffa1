"""One POST to an address that somebody else gave us, and nothing beyond that.

pywebpush sets no time limit, follows redirects and reads whatever comes back, so it is handed this instead of
a session: the name is resolved once, each of its addresses must be allowed, the connection goes to exactly
those (a second answer of the name server changes nothing), no redirect is followed, little of a reply read.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from server.reminders.endpoints import EndpointRefused, check_endpoint, is_public
from server.settings import PUSH_HOSTS

SECONDS = 10.0
REPLY_BYTES = 4096

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve_host(host: str, port: int) -> list[str]:
    """All addresses of a host, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Where pushes may go. The defaults are the real world; tests put a service of their own there."""

    hosts: tuple[str, ...] = PUSH_HOSTS
    resolve: Resolve = resolve_host
    allowed: Callable[[str], bool] = is_public
    tls: ssl.SSLContext | None = None
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Reply:
    """What is kept of a push service's answer; it has the shape that pywebpush looks at."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    async def text(self) -> str:
        """Never the body: nothing of a reply is shown or logged."""
        return ""


class OneDoor:
    """Stands where pywebpush expects an aiohttp session; only ``post`` exists."""

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing

    async def post(self, url: str, *, data: bytes, headers: Mapping[str, str], **_ignored: object) -> Reply:
        """Post to a checked endpoint, within our own time limit whatever pywebpush passes for one.

        Raises EndpointRefused, TimeoutError, aiohttp.ClientError, OSError.
        """
        endpoint = check_endpoint(url, self.outgoing.hosts)
        async with asyncio.timeout(self.outgoing.seconds):
            addresses = await self.outgoing.resolve(endpoint.host, endpoint.port)
            if not addresses or not all(self.outgoing.allowed(address) for address in addresses):
                raise EndpointRefused("address")
            async with (
                self._session(endpoint.host, addresses) as session,
                session.post(endpoint.url, data=data, headers=headers, allow_redirects=False) as response,
            ):
                await response.content.read(REPLY_BYTES)
                return Reply(response.status, dict(response.headers))

    def _session(self, host: str, addresses: list[str]) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(host, addresses),
            use_dns_cache=False,
            force_close=True,
            ssl=self.outgoing.tls if self.outgoing.tls is not None else True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,  # a proxy would resolve the name anew
        )


class _Pinned(AbstractResolver):
    """Knows one host, and the addresses that were checked."""

    def __init__(self, host: str, addresses: list[str]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host != self._host:
            raise EndpointRefused("host")
        return [self._entry(address, port) for address in self._addresses]

    def _entry(self, address: str, port: int) -> ResolveResult:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return ResolveResult(
            hostname=self._host,
            host=address,
            port=port,
            family=family,
            proto=0,
            flags=socket.AI_NUMERICHOST,
        )

    async def close(self) -> None:
        """Nothing is held open."""
