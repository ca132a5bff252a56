# Fastline's commands. `make` alone lists them.

PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-time
DEV := $(VENV)/.development
WEB := build/web/.built
LOCK := build/lock
# three for two cores: many tests wait for processes of their own
WORKERS := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

# Real players play for minutes and take half a core, in time: meanwhile is done what takes one core and no more.
PLAYERS = mkdir -p build; $(BIN)/python -m pytest tests/players >build/players.txt 2>&1 & players=$$!; \
	trap 'kill $$players; wait $$players; exit 1' INT TERM
PLAYED = wait $$players || code=1; $(MAKE) others || code=1; cat build/players.txt; exit $$code

export PORT
# who sets it has every process of ours read and translate a thousand files anew: five seconds at each start
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up test check core others lint names bench fuzz golden lock shape clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

up: $(RUN) $(WEB)  ## install what is missing, make demo films if media/ is empty, and go on air (PORT=8080)
	@exec $(BIN)/fastline up $(UP)

test: $(DEV)  ## run all tests (those that need a missing player are skipped, and say so)
	@$(PLAYERS); $(MAKE) core; code=$$?; $(PLAYED)

check: $(DEV)  ## what CI runs: ruff, mypy, import-linter, the name rule, all tests
	@$(PLAYERS); $(MAKE) lint names || { kill $$players; exit 1; }; $(MAKE) core; code=$$?; $(PLAYED)

core: $(DEV)
	$(BIN)/python -m pytest tests/core

others: $(DEV)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder \
		--ignore tests/players --ignore tests/core tests

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy tests/origin/conftest.py
	$(BIN)/mypy tests/players/conftest.py
	$(BIN)/mypy tests/control_api/conftest.py
	$(BIN)/lint-imports

names: $(DEV)
	$(BIN)/python -m pytest -q tests/test_names.py

bench: $(DEV)  ## print the figures of speed and size
	$(BIN)/python tests/bench/bench.py

fuzz: $(DEV)  ## ask the API all that can be thought of; takes minutes (SEED=7 for others)
	FASTLINE_FUZZ=$(or $(SEED),1) $(BIN)/python -m pytest -q tests/control_api/test_fuzz.py

golden: $(DEV)  ## write the golden files anew; review the difference
	FASTLINE_GOLDEN=write $(BIN)/python -m pytest -q tests/core tests/control_api/test_contract.py

lock: $(RUN)  ## choose versions anew and write the constraints files, with hashes for all platforms
	test -x $(LOCK)/bin/uv || { $(BIN)/python -m venv $(LOCK) && $(LOCK)/bin/pip install --quiet uv; }
	sh .ci/lock $(LOCK)/bin/uv

shape:  ## list what has grown long: files over 300 lines, functions over 40
	@python3 .ci/shape.py

clean:  ## remove what was built; media/ stays
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find assembly playout packager control_api tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): pyproject.toml .ci/constraints.txt .ci/install
	@sh .ci/install $(VENV) .ci/constraints.txt
	@touch $@

$(DEV): $(RUN) .ci/constraints-dev.txt
	@sh .ci/install $(VENV) .ci/constraints-dev.txt
	@touch $@

# Without hls.js the page still plays where the browser itself can: go on, and try again at the next start.
$(WEB): $(RUN) playout/npm.py playout/page/build.py control_api/swagger.py
	@mkdir -p $(@D)
	@if $(BIN)/python -m playout.page.build hls.js && $(BIN)/python -m control_api.swagger; then touch $@; fi
