"""A push service on this machine, over TLS, that answers as told; and a browser's keys."""

import ssl
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import http_ece
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from server.reminders.outgoing import Outgoing

HOST = "push.test"


@dataclass
class Browser:
    """What a browser keeps of a subscription: it alone can read what is sent to it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"0123456789abcdef"

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64(point), "auth": base64(self.secret)}
        return {"endpoint": endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> str:
        """Decrypt a message."""
        return http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.secret, version="aes128gcm"
        ).decode()


@dataclass
class Posted:
    """One message that the service took."""

    path: str
    headers: dict[str, str]  # lower-case names
    body: bytes


@dataclass
class PushService:
    """Answers 201 until told otherwise: `answers` are (status, headers) for the next requests, in order."""

    port: int
    authority: ssl.SSLContext
    posted: list[Posted] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The entry of PUSH_HOSTS that allows it."""
        return f"{HOST}:{self.port}"

    def endpoint(self, name: str) -> str:
        """An address that a browser might have been given."""
        return f"https://{self.host}/{name}"

    def outgoing(self, **changes: Any) -> Outgoing:
        """Lets pushes out to this service, which no real server would."""

        async def resolve(_host: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

        mine = Outgoing((self.host,), resolve, "127.0.0.1".__eq__, self.authority)
        return replace(mine, **changes)

    async def handle(self, request: web.Request) -> web.Response:
        """Keep the message, answer as told."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posted.append(Posted(request.path, headers, await request.read()))
        status, more = self.answers.pop(0) if self.answers else (201, {})
        return web.Response(status=status, headers=more, text="x" * 10_000)


async def start(folder: Path) -> tuple[PushService, web.AppRunner]:
    """A running service; clean the runner up afterwards."""
    server_tls, client_tls = certificate(folder)
    service = PushService(0, client_tls)
    app = web.Application()
    app.router.add_route("*", "/{name:.*}", service.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls).start()
    service.port = runner.addresses[0][1]
    return service, runner


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts for a server that is push.test, and for a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "push.pem", folder / "push.key"
    cert_file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert_file, key_file)
    return server, ssl.create_default_context(cafile=str(cert_file))


def base64(data: bytes) -> str:
    """base64url without padding, as push has it."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
