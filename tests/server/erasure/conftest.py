"""A server with a school of which somebody is going to be erased, on both databases."""

from tests.server.backup.conftest import school, site

__all__ = ["school", "site"]
