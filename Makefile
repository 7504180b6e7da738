# What a developer does here, one word each. `make check test` is what the continuous integration asks for.

.PHONY: check test coverage mutation proofs gates reproduce demo evals bench pins hooks crash simulate soak

check: ## linter, formatter, types, import contracts
	uv run ruff check
	uv run ruff format --check
	uv run mypy
	uv run lint-imports --no-logo

test: ## all tests
	uv run pytest -n auto

coverage: ## every branch of the policies, by the tables of cases; fails where one is not reached
	uv run pytest --quiet --cov --cov-report=term-missing tests/unit/policies tests/unit/evals/test_gate_agreement.py \
		tests/unit/interfaces/telling/gates/test_gating.py tests/unit/interfaces/cli/test_gate.py $(foreach long,test_metamorphic \
		test_kill_speed test_properties gates/test_portfolio_properties,--ignore=tests/unit/policies/$(long).py)

mutation: ## changes of the policies that the tests do not find, hours; SAMPLE=500 for less; writes docs/mutation.md
	uv run --with mutmut==3.8.1 python -m tests.mutation.measure --write $(if $(SAMPLE),--sample $(SAMPLE))

proofs: ## the long proofs that gates hold, tens of thousands of examples; writes docs/proofs.md
	uv run pytest --quiet --hypothesis-profile=proofs --override-ini faulthandler_timeout=0 \
		tests/integration/test_hostile_models.py tests/integration/test_book_machine.py \
		tests/unit/policies/test_metamorphic.py

crash: ## kill -9 at every point of the send path, twice, times every behaviour of a broker; SAMPLE=500 or BEHAVIOURS=A,B for less, BROKERS=2 before two, DEATHS=1 for one
	uv run python -m tests.simulation.crash $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(BEHAVIOURS),--behaviours $(BEHAVIOURS)) \
		$(if $(BROKERS),--brokers $(BROKERS)) $(if $(DEATHS),--deaths $(DEATHS))

simulate: ## trading lives from a seed each; SEEDS=500 for less, FROM=17 SEEDS=1 TELL=1 for what one drew
	uv run python -m tests.simulation.simulate $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FROM),--from $(FROM)) $(if $(TELL),--tell)

soak: ## the service for simulated hours on end, with a crash in each of them; HOURS=48 for less, SEED=3 for others
	uv run python -m tests.simulation.soak $(if $(HOURS),--hours $(HOURS)) $(if $(SEED),--seed $(SEED))

reproduce: ## simulated cycles run again from their records, equal in every byte; COUNT=100 for less, SEED=3 for others
	uv run python -m tests.simulation.reproduce $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--from $(SEED))

demo: ## one whole cycle with no key, no network and no server
	uv run sage demo

gates: ## the gates before judged what-if cases, of an oracle that shares no line with them
	uv run python -m evals.gates --seed 7 --count 2000 --check

evals: ## every eval suite offline, and recorded model answers against the prompts of today
	uv run sage evals verify
	uv run sage evals run

bench: ## every figure of ours beside its peer's, one script per axis
	set -e; for script in benchmarks/*.py; do uv run python "$$script"; done

pins: ## pin every package in pyproject.toml; UPGRADE=1 takes the newest versions that fit together
	python3 .ci/pins.py $(if $(UPGRADE),--upgrade)
	uv sync

hooks: ## run the checks at every commit
	uv run pre-commit install
