# Everything a checkout needs is made here; `make help` lists the targets.
SHELL := /bin/bash
BASE_PYTHON ?= python3.11
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# Bytecode is written and kept, else every start of a command compiles its sources again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-all check format golden lock bench docs clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

$(STAMP): requirements/development.txt pyproject.toml
	@command -v $(BASE_PYTHON) >/dev/null || { echo "make: $(BASE_PYTHON) not found: install Python 3.11 or pass BASE_PYTHON=…" >&2; exit 2; }
	test -x $(PYTHON) || $(BASE_PYTHON) -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/development.txt
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

install: $(STAMP)  ## the environment in .venv, hash-checked

demo: $(STAMP)  ## make the fraud example's data, train, show metrics and report
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" scripts/demo.sh

test: $(STAMP)  ## units, goldens, properties, small local runs: under 10 minutes
	$(PYTHON) -m pytest -q -n 2 --dist worksteal -m "not slow"

test-all: $(STAMP)  ## the full matrices as well
	$(PYTHON) -m pytest -q -n 2 --dist worksteal

check: $(STAMP)  ## format, lint, types, import contracts, docs in step with the code
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PYTHON) scripts/reference.py --check
	$(PYTHON) scripts/templates.py --check
	@$(MAKE) --no-print-directory cluster-check

format: $(STAMP)  ## format and sort imports
	$(VENV)/bin/ruff check --quiet --select I --fix .
	$(VENV)/bin/ruff format --quiet .

docs: $(STAMP)  ## regenerate the reference from the code
	$(PYTHON) scripts/reference.py

lock: $(STAMP)  ## resolve all requirements anew
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" requirements/lock.sh

bench: $(STAMP)  ## the benchmarks (minutes to hours; see docs/benchmarks.md)
	$(PYTHON) -m benchmarks

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .ml8s

-include step-images/images.mk
-include tests/cluster/cluster.mk
