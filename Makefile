# Everything runs in a local virtual environment; nothing else is touched.
#   make demo   install the core with its figures and fit the built-in example
#   make test   install what the tests need, run the unit tests (NumPy only), then the parity scripts (with JAX)
#   make check  every parity script whole, and those that take longer
#   make clean  remove the environment and what the targets wrote

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
DEMO_OUTPUT ?= demo_output

.PHONY: demo test unit parity check clean

demo: $(VENV)/.installed-plot
	$(BIN)/diskarray fit --output $(DEMO_OUTPUT) --overwrite

test: unit parity

unit: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 test_diskarray

parity: $(VENV)/.installed-all
	$(BIN)/python workspace_test/run_all.py

check: $(VENV)/.installed-all
	$(BIN)/python workspace_test/run_all.py --all

$(VENV)/bin/python:
	$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'diskarray needs Python 3.11 or newer: make PYTHON=...'"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[$*]'
	touch $@

clean:
	rm -rf $(VENV) $(DEMO_OUTPUT) build dist *.egg-info
