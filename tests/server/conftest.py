"""Fixtures of the server's tests."""

from tests.town import push_service, town

__all__ = ["push_service", "town"]
