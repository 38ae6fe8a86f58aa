# Thecal. 'make run' does the main job on a fresh machine: it makes the environment, runs the index study
# and says where the report is. 'make help' lists the rest.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
OUT    ?= runs/chen2015
PORT   ?= 8315

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1

.DEFAULT_GOAL := help
.PHONY: web types serve test-browser
.PHONY: help setup setup-dev run picture test lint bench docs lock clean

help:
	@echo "make run     set up, run the study chen2015, write its report to $(OUT)"
	@echo "make serve   the laboratory in a browser, on port $(PORT)"
	@echo "make test    set up and run the tests"
	@echo "make test-browser  its pages in chromium (and their unit tests, with npm)"
	@echo "make web     build the pages anew (needs Node 20)"
	@echo "make types   the types of the server's answers, for the pages (needs Node 20)"
	@echo "make lint    style, types, import rules, lock files"
	@echo "make bench   speed and accuracy beside other simulators (PHYSICELL=path: its stock sample 'template' too)"
	@echo "make docs    the handbook, to site/"
	@echo "make picture the picture of the README, from that run"
	@echo "make setup   only the environment, in $(VENV)"
	@echo "make lock    write the lock files again (needs uv and the package registry)"

# One environment, two depths: what a run needs, and what tests and lint need besides. Each stamp stands for
# its lock file; packages come by hash, with uv when it is there, else with pip.

ifdef UV
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --quiet
endif

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Thecal needs Python 3.11 or later, this is %s; give another with PYTHON=..." % sys.version.split()[0])'
ifdef UV
	$(UV) venv --quiet --seed --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.stamp: requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.lock $(VENV)/.stamp
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.stamp
setup-dev: $(VENV)/.stamp-dev

run: $(VENV)/.stamp
	$(BIN)/thecal run chen2015 --seed 1 --out $(OUT) --replace

picture: run
	$(BIN)/python scripts/readme_picture.py $(OUT) docs/_static/chen2015.png

test: $(VENV)/.stamp-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(TESTS)

# The pages: built with Node into the package and committed, so that users need no Node.
web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web: web/node_modules
	cd web && npm run build

# The types of the server's answers, for the pages; after a change to what it answers, before 'make web'.
types: web/node_modules $(VENV)/.stamp-dev
	$(BIN)/python scripts/web_types.py

serve: $(VENV)/.stamp
	$(BIN)/thecal serve --port $(PORT)

test-browser: $(VENV)/.stamp-dev
	@{ command -v npm >/dev/null && $(MAKE) web/node_modules; } || echo "no packages from npm: their tests are skipped" >&2
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m browser tests/web tests/browser

lint: $(VENV)/.stamp-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/check_locks.py

bench: $(VENV)/.stamp-dev
	OMP_NUM_THREADS=1 $(BIN)/thecal bench
	OMP_NUM_THREADS=1 $(BIN)/python bench/thresholds.py
	OMP_NUM_THREADS=1 $(BIN)/python bench/statistics_calibration.py
	OMP_NUM_THREADS=1 $(BIN)/python bench/homing_speed.py --peers
	OMP_NUM_THREADS=1 $(BIN)/python bench/homing_peers.py $(if $(PHYSICELL),--physicell $(PHYSICELL))
	OMP_NUM_THREADS=1 $(BIN)/python bench/web_load.py

docs: $(VENV)/.stamp-dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs site
	@echo "Handbook: $(abspath site)/index.html"

# A lock holds versions and hashes and no address, so it serves any mirror of the registry.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock:
	$(LOCK) --extra build --output-file requirements.lock pyproject.toml
	$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
