"""What an ASGI server runs: the application with the environment's settings."""

import gc
import logging
import os

from litestar import Litestar

from server.app import create_app
from server.settings import load_settings


def application() -> Litestar:
    """A factory, so that importing this opens nothing. Raises SettingsError."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = create_app(load_settings(os.environ))
    spare_collector()
    return app


def spare_collector() -> None:
    """Keep the cycle collector from holding up requests: it never looks again at what start-up made (the
    application, its forms and statements, which stay for good), and at the rest less often.

    What little garbage is among that stays too: to look for it would take a tenth of the start."""
    gc.freeze()
    gc.enable()  # the command that serves has it off while all this is made
    gc.set_threshold(20_000, 20, 50)
