"""Test plugins of the whole project."""

pytest_plugins = ["tests.needs", "tests.figures"]
