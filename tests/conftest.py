pytest_plugins = ["tests.models.fixture"]
