# Everything a checkout needs is made here; `make help` lists the targets.
SHELL := /bin/bash
BASE_PYTHON ?= python3.11
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
AZURITE := $(VENV)/azurite/.installed
# Bytecode is written and kept, else every start of a command compiles its sources again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install azurite test-deps demo test test-all check format golden lock bench docs clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

$(STAMP): requirements/development.txt pyproject.toml
	@command -v $(BASE_PYTHON) >/dev/null || { echo "make: $(BASE_PYTHON) not found: install Python 3.11 or pass BASE_PYTHON=…" >&2; exit 2; }
	test -x $(PYTHON) || $(BASE_PYTHON) -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/development.txt
	PYTHONWARNINGS=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

install: $(STAMP)  ## the environment in .venv, hash-checked

azurite: $(AZURITE)  ## the emulator that the Azure store is tested against (needs npm; left out without it)

$(AZURITE): tests/azurite/package.json tests/azurite/package-lock.json | $(STAMP)
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@if command -v npm >/dev/null && command -v node >/dev/null; then \
	  npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "make: npm and node not found: the Azure store is not tested (apt-get install nodejs npm)" >&2; fi

test-deps:  ## the system packages that test-all needs: emulated CPUs, locales (as root)
	@{ command -v qemu-x86_64 && test -d /usr/share/i18n/locales; } >/dev/null || { apt-get update --quiet \
	  && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends qemu-user locales; } \
	  || { echo "make: qemu-user and locales are missing: sudo make test-deps" >&2; exit 2; }

demo: $(STAMP)  ## make the fraud example's data, train, show metrics and report
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" scripts/demo.sh

test: $(STAMP) $(AZURITE)  ## units, goldens, properties, small local runs: under 10 minutes
	$(PYTHON) -m pytest -q -n 3 --dist worksteal -m "not slow"

test-all: $(STAMP) $(AZURITE) test-deps  ## the full matrices as well
	$(PYTHON) -m pytest -q -n 3 --dist worksteal

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

golden: $(STAMP)  ## compile the examples anew, into workflow-templates/
	$(PYTHON) scripts/templates.py

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
