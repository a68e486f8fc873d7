# Every target sets up what it needs first; nothing has to be installed by hand.
.DEFAULT_GOAL := help
SIZE ?= s
PYTEST_ARGS ?=
KEFU := .venv/bin/kefu
FAST := .venv/bin/python -m pytest -n 2 --dist loadfile -m "not spark and not slow"

.PHONY: help setup demo test test-fast test-long test-spark mutate lint lint-python lint-sql docs dev bench bench-reports clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## make .venv, which holds the kefu command
	@deploy/setup.sh

demo: setup ## the demo company, from its exports to its report
	@$(KEFU) demo --size $(SIZE)

test-fast: setup ## the fast tests alone: no night, no dbt, no browser
	@$(FAST) $(PYTEST_ARGS)

test: lint ## lint, fast tests, slow tests (in a browser too, where there is one)
	@deploy/test-tools.sh
	@$(FAST) $(PYTEST_ARGS)
	@.venv/bin/python -m pytest -n 2 --dist worksteal -m "slow and not long and not spark" $(PYTEST_ARGS)

test-long: setup ## the tests that take minutes each: nights in any order, all real exports, look-backs
	@.venv/bin/python -m pytest -n 2 --dist worksteal -m long $(PYTEST_ARGS)

test-spark: ## the dbt project on Spark, compared with DuckDB's tables
	@deploy/setup.sh --group spark
	@deploy/java.sh
	@.venv/bin/python -m pytest -m spark $(PYTEST_ARGS)

mutate: setup ## change a rule of each area and see a worked test fail
	@.venv/bin/python -m tests.mutations

lint: ## ruff, mypy, sqlfluff
	@deploy/setup.sh --group spark # mypy reads what the Spark harness imports
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint-python lint-sql

lint-python:
	@.venv/bin/mypy

lint-sql:
	@.venv/bin/sqlfluff lint --disable-progress-bar dbt_project/models

docs: setup ## docs/metrics, docs/reference.md and more from the yml of models and seeds
	@.venv/bin/python -m orchestration.metric_docs

dev: setup ## the Dagster UI with everything loaded
	@.venv/bin/kefu dev

bench: setup ## each step's cost beside the floor (SIZE=s|m)
	@.venv/bin/python -m benchmarks.nightly --size $(SIZE)

bench-reports: setup ## bundle, page, mail and PDF of 200 scopes of the demo company in var
	@.venv/bin/python -m benchmarks.reports

clean: ## throw away the environment and what demo made
	@rm -rf .venv .setup var
