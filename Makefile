# The whole workshop in one file. `make run` and `make test` need nothing but make and
# Python 3.11 or newer: what they use is installed into .venv from requirements/*.txt,
# where every version is pinned and every file is hashed.
#
#   make PYTHON=python3.13 test     use another interpreter for .venv
#   make test ARGS="-k tcp -x"      hand arguments to pytest (also: run, cov)

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
CONFIG ?= heartbeat.yml
IMAGE  ?= heartbeat

BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check --no-input
PINS := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test hostile bench bench-quick cov lint format types imports docs check wheel image pins clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

run: $(VENV)/.run  ## start heartbeat on heartbeat.yml, data and logs in this folder
	@exec $(BIN)/heartbeat run -e -c $(CONFIG) --path.home . --strict.perms=false $(ARGS)

test: $(VENV)/.test  ## run the tests
	$(BIN)/python -m pytest $(ARGS)

hostile: $(VENV)/.test  ## run the odd and hostile targets; wants their kits, see tests/support/kits.py
	$(BIN)/python -m pytest tests/hostile $(ARGS)

bench: $(VENV)/.test  ## compare the cost of checks with the programs that are installed; ten minutes
	$(BIN)/python bench/compare.py --json bench/compare.json $(ARGS)

bench-quick: $(VENV)/.test  ## the same against blackbox_exporter alone, in two minutes
	$(BIN)/python bench/compare.py --quick $(ARGS)

cov: $(VENV)/.test  ## run the tests and show which lines and branches they miss
	$(BIN)/python -m coverage run -m pytest $(ARGS)
	$(BIN)/python -m coverage report

lint: $(VENV)/.dev  ## check style, format and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

format: $(VENV)/.dev  ## apply the format and the safe corrections
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev  ## check types with mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright

imports: $(VENV)/.dev  ## check that no layer imports a higher one
	$(BIN)/lint-imports

docs: $(VENV)/.test  ## write the pages of all options anew and check the documents
	$(BIN)/heartbeat export options > docs/configuration.md
	$(BIN)/heartbeat export reference > heartbeat.reference.yml
	$(BIN)/heartbeat export schema > docs/heartbeat.schema.json
	$(BIN)/heartbeat export fields > docs/fields.md
	$(BIN)/python -m pytest tests/test_docs.py $(ARGS)

check: lint types imports test  ## everything a change has to pass

wheel: $(VENV)/.run  ## build dist/*.whl
	rm -rf build dist
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	rm -rf build

image:  ## build the container image
	docker build --tag $(IMAGE) .

pins: $(VENV)/.dev  ## compile requirements/*.txt anew; ARGS=--upgrade for new versions
	$(PINS) --group build -o requirements/build.txt $(ARGS)
	$(PINS) pyproject.toml -o requirements/run.txt $(ARGS)
	$(PINS) pyproject.toml --group test -c requirements/run.txt -o requirements/test.txt $(ARGS)
	$(PINS) pyproject.toml --group dev -c requirements/test.txt -o requirements/dev.txt $(ARGS)

clean:  ## remove what was built or installed here; data and logs stay
	rm -rf $(VENV) build dist *.egg-info htmlcov .coverage
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each set of pins: a second run installs nothing. Nothing is said on
# standard output, so that `make run` prints documents and only documents there.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "heartbeat needs Python 3.11 or newer, and '$(PYTHON)' is not." >&2; \
	    echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	    echo "'$(PYTHON)' cannot make virtual environments." >&2; \
	    echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/build.txt requirements/run.txt
$(VENV)/.test: requirements/build.txt requirements/test.txt
$(VENV)/.dev: requirements/build.txt requirements/dev.txt

$(VENV)/.run $(VENV)/.test $(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "installing $(filter %.txt,$^) into $(VENV)" >&2
	@$(PIP) install --quiet --require-hashes $(addprefix -r ,$(filter %.txt,$^)) >&2
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable . >&2
	@touch $@
