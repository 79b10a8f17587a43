# Everything runs in a local virtual environment; nothing else is touched.
#   make demo      install the core with its figures and fit the built-in example
#   make test      lint, run the unit tests (NumPy only), then the parity scripts (with JAX)
#   make lint      ruff and mypy
#   make coverage  which lines and branches the unit tests and the parity scripts run
#   make docs      build the documentation, warnings as errors
#   make check     every script whole, those that take longer, the documentation, faults and calibration; coverage; and
#                  the wheel in fresh environments, oldest and newest (make installs: these alone)
#   make clean     remove the environment and what the targets wrote

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
DEMO_OUTPUT ?= demo_output
NUMPY_ONLY := $(VENV)/.installed-test,sample,plot,cli
WITH_JAX := $(VENV)/.installed-test,all
DEVELOP := $(VENV)/.installed-dev
EVERYTHING := $(VENV)/.installed-dev,docs

.PHONY: demo test unit parity lint docs coverage check installs clean

demo: $(VENV)/.installed-plot
	$(BIN)/diskarray fit --output $(DEMO_OUTPUT) --overwrite

# the unit tests come first: on a new machine JAX is not there yet
test: unit parity lint

unit: $(NUMPY_ONLY)
	$(BIN)/python -m pytest -n 2 -m "not slow" test_diskarray

parity: $(WITH_JAX)
	$(BIN)/python workspace_test/run_all.py

lint: $(DEVELOP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

coverage: $(DEVELOP)
	$(BIN)/python workspace_test/check_coverage.py

check: $(EVERYTHING)
	$(BIN)/python -m pytest -n 2 -m slow test_diskarray
	$(BIN)/python workspace_test/run_all.py --all
	$(BIN)/python workspace_test/check_coverage.py --write
	$(BIN)/python workspace_test/check_installs.py --write

installs: $(DEVELOP)
	$(BIN)/python workspace_test/check_installs.py --write

$(VENV)/bin/python:
	$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'diskarray needs Python 3.11 or newer: make PYTHON=...'"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[$*]'
	touch $@

clean:
	rm -rf $(VENV) $(DEMO_OUTPUT) build dist docs/_build *.egg-info .coverage .coverage.* coverage_html .mypy_cache .ruff_cache
