# Everything a person or a machine does with this project. `make` alone lists it.
#
# Needs Python 3.11 or newer, make and git. What else is missing is set up in .venv, at the versions that
# constraints.txt names, from wherever this machine's pip is configured to look.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
READY := $(VENV)/.ready
READY_BENCH := $(VENV)/.ready-bench
# The make that comes with macOS cannot keep apart what two checks print.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# Compiled modules are kept, whatever the shell says: the tests start a few hundred programs.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run run-shared test lint types floors texts texts-check checks collected settings library tests test-long map coverage pictures bench soak format wheel man hooks clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# Done again when either file changes. A .venv whose Python is gone is built anew. What is used is compiled when it
# is used first: most of what is installed never is.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed: install it, or name it with "make PYTHON=...".' >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo 'Setting up $(VENV)...'; $(PYTHON) -m venv --clear $(VENV); }
	@echo 'Installing what the project needs into $(VENV)...'
	@$(PIP) install --no-compile --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(READY_BENCH): $(READY)
	@$(PIP) install --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@

run: $(READY) ## Open the console on the embedded simulator
	@$(BIN)/hubsoft-tui --demo

run-shared: $(READY) ## Open two consoles that share one budget through a Valkey, side by side
	@$(BIN)/python scripts/run_shared.py

# The checks use what the tests leave of two cores: they print in between, and each that fails is a failure of all.
test: $(READY) ## Run every check: lint, types, floors, texts, tests
	@$(MAKE) --no-print-directory --jobs=2 tests checks

checks: $(READY)
	@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,--jobs=2) $(TOGETHER) types lint floors texts-check

lint: $(READY) ## Look for mistakes and for unformatted code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check the types, strictly
	$(BIN)/mypy

floors: $(READY) ## Check that no floor of the house looks upward
	$(BIN)/lint-imports

# Read once before the workers do: in a fresh clone each would compile them all for itself.
collected: $(READY)
	@$(BIN)/python -m pytest -n0 -qq --collect-only >/dev/null || $(BIN)/python -m pytest -n0 -qq --collect-only

tests: collected ## Run the tests
	$(BIN)/python -m pytest

test-long: $(READY) ## Run what has a long form in it (fuzzing, storms, kills): many minutes
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -m long

map: $(READY) ## Print the rooms, floors, arrows and circles that the imports make
	@$(BIN)/python scripts/map.py

coverage: $(READY) ## Run the tests and show their coverage: half as slow again
	$(BIN)/python -m pytest --cov --cov-report=term

texts: $(READY) ## Extract, update and compile the translations
	$(BIN)/python scripts/texts.py update

texts-check: $(READY) ## Check that the translations are complete and up to date
	$(BIN)/python scripts/texts.py check

settings: $(READY) ## Write the page of settings from their rules
	$(BIN)/python scripts/settings_page.py update

library: $(READY) ## Write the page of the library from its docstrings
	$(BIN)/python scripts/library_page.py update

pictures: $(READY) ## Draw the pictures of the documents with the program itself
	$(BIN)/python scripts/pictures.py

bench: $(READY_BENCH) ## Print our figures beside those of peers
	@$(BIN)/python -m benchmarks

soak: $(READY) ## Let a console and a program work for MINUTES (20), and print what grows
	@$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),20)

format: $(READY) ## Format the code, and mend what can be mended safely
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(READY) ## Build dist/hubsoft_tui-*.whl
	@rm -rf build dist
	$(BIN)/python -m build --wheel

man: $(READY) ## Write the manual page dist/hubsoft-tui.1 from the commands' help
	$(BIN)/python scripts/man_page.py dist/hubsoft-tui.1

hooks: $(READY) ## Run the quick checks before every commit
	$(BIN)/pre-commit install

clean: ## Remove everything that was made here, the environment too
	rm -rf $(VENV) build dist htmlcov .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf *.egg-info .coverage .coverage.* snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
