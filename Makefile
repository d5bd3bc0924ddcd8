# `make demo` and `make test` set up what they need by themselves; setting up twice costs nothing.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test lint bench docs clean

setup: .venv/setup

.venv/python:  # a venv with the right Python, or one sentence on what is missing
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tinygraph needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version): name another with make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing: install the package python3-venv, then run make again"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/setup: .venv/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[models,tests]'
	@touch $@

# .venv/lint and .venv/benchmarks: what these extras need beside the rest.
.venv/%: .venv/setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

# Options go in ARGS, as in: make demo ARGS="--class 3 --iterations 500"
demo: setup
	$(BIN)/python -m models.logistic_regression $(ARGS)

test: setup
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 $(ARGS)

lint: .venv/lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Each also runs alone, with options of its own: .venv/bin/python -m benchmarks.step --help
bench: .venv/benchmarks
	@for part in vectorize step mlp overhead memory first_gradient growth models; do $(BIN)/python -m benchmarks.$$part || exit 1; done

# Run every snippet of the notes where it stands, which draws the pictures anew; and write the tables of functions.
docs: setup
	cd docs && ../$(BIN)/python -m doctest -o ELLIPSIS -o NORMALIZE_WHITESPACE notes.md plots.md see.md && rm -f play.html sheet.html
	$(BIN)/python docs/write_functions.py

clean:
	rm -rf .venv out build dist *.egg-info
