"""The village of the office's tests, with its browsers."""

from tests.server.reviews.conftest import office, sign_in, village

__all__ = ["office", "sign_in", "village"]
