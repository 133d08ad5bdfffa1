"""What an ASGI server runs: the application with the environment's settings."""

import logging
import os

from litestar import Litestar

from server.app import create_app
from server.settings import load_settings


def application() -> Litestar:
    """A factory, so that importing this opens nothing. Raises SettingsError."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return create_app(load_settings(os.environ))
