# What a developer does here, one word each. `make check test` is what the continuous integration asks for.

.PHONY: check test coverage proofs gates demo evals bench pins hooks crash simulate

check: ## linter, formatter, types, import contracts
	uv run ruff check
	uv run ruff format --check
	uv run mypy
	uv run lint-imports --no-logo

test: ## all tests
	uv run pytest

coverage: ## branches of the policies that the tests do not reach
	uv run pytest --cov --cov-report=term-missing

proofs: ## the long proofs that gates hold, tens of thousands of examples; writes docs/proofs.md
	uv run pytest --quiet --hypothesis-profile=proofs --override-ini faulthandler_timeout=0 \
		tests/integration/test_hostile_models.py tests/integration/test_book_machine.py \
		tests/unit/policies/test_metamorphic.py

crash: ## kill -9 at every point of the send path, once and twice, times every behaviour of a broker; SAMPLE=500 for less
	uv run python -m tests.simulation.crash $(if $(SAMPLE),--sample $(SAMPLE))

simulate: ## trading lives from a seed each; SEEDS=500 for less, FROM=17 SEEDS=1 for one that failed
	uv run python -m tests.simulation.simulate $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FROM),--from $(FROM))

demo: ## one whole cycle with no key, no network and no server
	uv run sage demo

gates: ## the gates before judged what-if cases, of an oracle that shares no line with them
	uv run python -m evals.gates --seed 7 --count 2000 --check

evals: ## recorded model answers against the prompts of today
	uv run sage evals verify

bench: ## every figure of ours beside its peer's, one script per axis
	set -e; for script in benchmarks/*.py; do uv run python "$$script"; done

pins: ## pin every package in pyproject.toml; UPGRADE=1 takes the newest versions that fit together
	python3 .ci/pins.py $(if $(UPGRADE),--upgrade)
	uv sync

hooks: ## run the checks at every commit
	uv run pre-commit install
