# `make demo` and `make test` do all their own set-up; they need only Python (3.11 or newer), make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK := $(VENV)/.spark

# A set PYTHONDONTWRITEBYTECODE makes every start compile every library again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install spark demo test lint lock
help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(READY) ## make .venv with .venv/bin/milepost

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make install: $(PYTHON) is older than 3.11. Name a newer one: make install PYTHON=python3.12."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(SPARK): $(READY) requirements-spark.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-spark.lock
	@touch $@

spark: $(SPARK) ## add Spark to .venv, for configurations that read from it

demo: install ## simulate a small company and read its ranked accounts: the main job, offline
	$(BIN)/milepost demo

lint: install ## style, types and the import law
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint spark ## lint, then every test, on two cores
	$(BIN)/pytest -n 2 --dist loadfile

lock: install ## resolve the dependencies again
	$(BIN)/uv pip compile --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --upgrade \
		--python-version 3.11 --extra postgres --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --upgrade \
		--python-version 3.11 --group spark -o requirements-spark.lock
