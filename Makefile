# Everything a user or a developer runs. Each target makes what it needs; a second call reuses it.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONFIG ?= feeds.toml
FUZZ_S ?= 60
TARGET ?=

.PHONY: run setup test test-slow lint type fmt check bench fuzz soak golden lock clean

# The daemon, on http://127.0.0.1:8080 until Ctrl-C.
run: $(VENV)/.run
	$(BIN)/python -m aggregator --config $(CONFIG) check >/dev/null
	$(BIN)/python -m aggregator --config $(CONFIG) run || test $$? -eq 130

setup: $(VENV)/.dev

# Quick tests; under six minutes.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m "not slow"

# Kills, real readers and everything else that takes its time.
test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(VENV)/.dev
	$(BIN)/mypy

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint type test

# Speed and memory beside `reader`: see docs/speed.md.
bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.wire
	$(BIN)/python -m tests.bench.hold

# Ten thousand rounds of crawling and serving in one process: does anything grow? Half an hour.
soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak

# Coverage-guided fuzzing of everything that reads strangers' bytes, for FUZZ_S seconds: see docs/operating.md.
fuzz: $(VENV)-fuzz/.fuzz
	FUZZ_S=$(FUZZ_S) $(VENV)-fuzz/bin/python -m tests.fuzz $(TARGET)

# Rewrites the expected renderings; review the difference before you commit it.
golden: $(VENV)/.dev
	$(BIN)/python -m tests.publish.regolden

# Resolves the locked versions anew from pyproject.toml.
lock: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra fast pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra fast --extra fulltext --group dev pyproject.toml --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group fuzz --output-file requirements/fuzz.txt

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	touch $@

$(VENV)/.dev: requirements/dev.txt requirements/run.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	touch $@ $(VENV)/.run

$(VENV)-fuzz/.fuzz: requirements/fuzz.txt requirements/dev.txt
	$(PYTHON) -m venv $(VENV)-fuzz
	$(VENV)-fuzz/bin/python -m pip install --quiet --require-hashes -r requirements/dev.txt -r requirements/fuzz.txt
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
