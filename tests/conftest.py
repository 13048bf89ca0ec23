"""Fixtures that every test may ask for."""

pytest_plugins = ["tests.hub.fixture", "tests.models.fixture"]
