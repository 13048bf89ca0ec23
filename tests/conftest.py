"""Fixtures that tests of every room may use."""

pytest_plugins = ["tests.hub.fixture", "tests.models.fixture", "tests.release.fixture"]
