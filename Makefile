# What a developer does here, one word each. `make check test` is what the continuous integration asks for.

.PHONY: check test coverage demo evals bench pins hooks

check: ## linter, formatter, types, import contracts
	uv run ruff check
	uv run ruff format --check
	uv run mypy
	uv run lint-imports --no-logo

test: ## all tests
	uv run pytest

coverage: ## branches of the policies that the tests do not reach
	uv run pytest --cov --cov-report=term-missing

demo: ## one whole cycle with no key, no network and no server
	uv run sage demo

evals: ## recorded model answers against the prompts of today
	uv run sage evals verify

bench: ## every figure of ours beside its peer's, one script per axis
	set -e; for script in benchmarks/*.py; do uv run python "$$script"; done

pins: ## pin every package in pyproject.toml; UPGRADE=1 takes the newest versions that fit together
	python3 .ci/pins.py $(if $(UPGRADE),--upgrade)
	uv sync

hooks: ## run the checks at every commit
	uv run pre-commit install
