# Needs GNU make and Python 3.11, 3.12 or 3.13; everything else is made here, in .venv.
# Another Python than the first one found: make PYTHON=/path/to/python3.12 demo

PYTHON ?=
# Whole files to each process: some tests of one file share a fixed port.
PYTEST_ARGS ?= -n auto --dist loadfile

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed

CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
# True for a Python of a supported version that can make virtual environments.
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench load scenarios certs docs check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUNTIME) ## set up what is needed to run, then play every scenario
	@$(BIN)/mailflow run scenarios

test: $(DEV) ## the same in a process for each processor, then the whole test suite (PYTEST_ARGS=... is passed on)
	@$(BIN)/mailflow run scenarios -n auto
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEV) ## formatting, style, types, and which module may import which
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## format the code and mend what can be mended automatically
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

bench: $(DEV) ## measure, beside stock libraries and Postfix
	$(BIN)/python -m benchmarks --throughput

load: $(DEV) ## 10,000 messages through three TLS hops, 1,000 sessions at once: some minutes
	$(BIN)/python -m benchmarks.load

scenarios: $(RUNTIME) ## play every scenario
	@$(BIN)/mailflow run scenarios

certs: $(RUNTIME) ## make the lab certificates in certs/
	@$(BIN)/mailflow certs

docs: $(RUNTIME) ## write the generated pages of docs/ anew
	$(BIN)/mailflow about --fidelity --markdown > docs/rules.md
	$(BIN)/mailflow check --markdown > docs/findings.md
	$(BIN)/mailflow schema --markdown > docs/scenario.md
	$(BIN)/mailflow about --dispositions > docs/dispositions.md

check: ## lint, test, docs; then nothing in git may have changed
	$(MAKE) lint
	$(MAKE) test
	$(MAKE) docs
	git diff --exit-code

clean: ## remove .venv, caches, build output, generated certificates and run logs
	rm -rf $(VENV) build dist *.egg-info .mailflow mailflow-crash-*.txt .coverage htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find certs -mindepth 1 ! -name README.md -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(CANDIDATES); do \
	    if $$python -c '$(SUITABLE)' >/dev/null 2>&1; then \
	        echo "Setting up $(VENV) with $$($$python --version) ($$python)" >&2; \
	        exec $$python -m venv --clear $(VENV); \
	    fi; \
	done; \
	echo "mailflow needs Python 3.11, 3.12 or 3.13 with its venv module; tried: $(CANDIDATES)." >&2; \
	echo "Install one (on Debian and Ubuntu: python3 and python3-venv), or name yours: make PYTHON=/path/to/python3.12 demo" >&2; \
	exit 1

# An order-only prerequisite: bin/python is a link to an older file and would look out of date for ever.
$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what mailflow needs to run" >&2
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing what the tests and checks need" >&2
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
