"""`zoufang serve`: the web server. What it imports is what a server that was killed needs to be back."""

from __future__ import annotations

import asyncio
import gc
from ipaddress import ip_address
from pathlib import Path

import click
import uvicorn

from server.command import check_database, read_settings

PLAIN_HTTP = """\
Serving plain http on {where}. Over that, browsers of other machines will:
  - not keep the sign-in cookie (it is Secure), so nobody signs in;
  - not start the phone's app (no service worker), so nothing works offline;
  - not give the camera, the position, or push messages.
For one machine use --host 127.0.0.1. For phones, put Caddy or nginx with a certificate in front, or give
--certfile and --keyfile. If there is a proxy with https in front already, all is well."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is all.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: PORT, or 8000]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option(
    "--certfile", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM certificate."
)
@click.option("--keyfile", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its PEM key.")
def serve(host: str, port: int | None, workers: int, certfile: Path | None, keyfile: Path | None) -> None:
    """Run the web server.

    Phones need https: put a proxy with a certificate in front, or give --certfile and --keyfile. On this
    machine itself plain http will do. Set FORWARDED_ALLOW_IPS to the address of a proxy on another machine.
    """
    chosen = read_settings()
    if (certfile is None) != (keyfile is None):
        raise click.UsageError("--certfile and --keyfile belong together.")
    asyncio.run(check_database(chosen))
    port = port or chosen.port
    if certfile is None and not _is_local(host) and not chosen.base_url.startswith("https://"):
        click.echo(PLAIN_HTTP.format(where=f"{host}:{port}"), err=True)
    scheme = "https" if certfile else "http"
    click.echo(f"Zoufang is at {chosen.base_url or f'{scheme}://{host}:{port}'}", err=True)
    if workers == 1:
        gc.disable()  # until the application is there: server.asgi puts it on again
    try:
        uvicorn.run(
            "server.asgi:application",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            ssl_certfile=certfile,
            ssl_keyfile=keyfile,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    finally:
        gc.enable()


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
