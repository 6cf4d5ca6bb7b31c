# `make train` and `make test` need python3 >= 3.11 and nothing else: both make .venv when missing.
PYTHON ?= python3
VENV ?= .venv
ENV ?= local

.PHONY: train test faults smoke lint viz readme clean

train: $(VENV)/.installed
	$(VENV)/bin/kedro run --env=$(ENV) --pipelines=train

test: $(VENV)/.installed
	$(VENV)/bin/pytest -n auto --dist worksteal -rs

# about an hour: 10⁶ inputs and 1 000 kills of the real pipelines; goes on where it was stopped
faults: $(VENV)/.installed
	$(VENV)/bin/python benchmarks/faults.py

smoke: $(VENV)/.installed
	$(VENV)/bin/kedro run --env=smoke

lint: $(VENV)/.installed
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

viz: $(VENV)/.installed
	$(VENV)/bin/kedro viz run --include-hooks

# after `kedro run`: Table 2 and two figures of it go into README.md and docs/figures
readme: $(VENV)/.installed
	$(VENV)/bin/python docs/show_results.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build data/smoke

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) must be Python 3.11 or newer; name one with: make PYTHON=python3.11" >&2; exit 1; }
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "make: no virtual environment could be made; on Debian and Ubuntu first run: apt-get install python3-venv" >&2; exit 1; }
	$(VENV)/bin/pip install --disable-pip-version-check --constraint constraints.txt --editable '.[viz,test,dev]'
	touch $@
