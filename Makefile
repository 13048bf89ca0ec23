.PHONY: install fix check test docs

install:  ## everything a developer needs
	uv sync
	uv run pre-commit install

fix:  ## format, and mend what lint can
	uv run ruff format .
	uv run ruff check --fix .

check:  ## lint and types
	uv run ruff check .
	uv run ruff format --check .
	uv run mypy

test:  ## every test
	uv run pytest -n auto --dist loadgroup

docs:  ## what is generated from the code: the schema, the reference and the README's tables
	uv run hfsft schema > recipes/recipe.schema.json
	uv run python -m tests.docs --write
