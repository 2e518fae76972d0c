# Two commands do everything: `make demo` and `make test`. Each makes .venv first, from hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TOOLS := .venv-bench
TOOLS_STAMP := $(TOOLS)/.installed
CATALOGUES := $(wildcard src/coachsync/locale/*/LC_MESSAGES/*.po)
COMPILED := $(CATALOGUES:.po=.mo)

.PHONY: venv demo test test-servers test-long fuzz properties soak lint bench wheel catalogues man lock clean

venv: $(STAMP) $(COMPILED)

# --no-deps on the second line: everything coachsync needs is in the locked list above it.
$(STAMP): requirements.txt pyproject.toml hatch_build.py
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(COMPILED): %.mo: %.po $(STAMP)
	$(BIN)/python hatch_build.py
	touch $(COMPILED)

demo: venv
	$(BIN)/coachsync demo

# One process more than there are processors: many tests wait for a server or a program that they started.
test: venv lint
	$(BIN)/python -m pytest --numprocesses $$(expr $$(nproc) + 1) --maxprocesses 4 --dist worksteal

# Beside those of every run (Radicale, Xandikos): servers of Debian's packages, which it installs where it may. One that
# is not there is skipped by name.
test-servers: venv
	tests/realservers/install.sh
	$(BIN)/python -m pytest -m debian -rs

# What takes long: where `make test` kills, or fills the disk, at some steps of the work, this does at each of them, and what
# it tries against one server, against a second one.
test-long: venv
	COACHSYNC_EVERY_STEP=1 $(BIN)/python -m pytest -m 'every_step or long' --numprocesses $$(expr $$(nproc) + 1) --maxprocesses 4 \
	  --dist worksteal --timeout 1800

# Thousands of random changes on both sides, with kills and faults, and a million damaged inputs of the vault; some minutes.
# SEED repeats a run that failed.
EXAMPLES ?= 150
INPUTS ?= 1000000
SEED ?=
fuzz: venv
	COACHSYNC_EXAMPLES=$(EXAMPLES) $(if $(SEED),COACHSYNC_SEED=$(SEED)) $(BIN)/python -m pytest -s tests/scenarios/test_two_way.py
	COACHSYNC_FUZZ=$(INPUTS) $(if $(SEED),COACHSYNC_SEED=$(SEED)) $(BIN)/python -m pytest -s tests/vault/test_vault_fuzz.py

# The properties that tests state, tried with NEW random examples each; half an hour. `make test` tries the same ones always.
NEW ?= 2000
properties: venv
	COACHSYNC_NEW_EXAMPLES=$(NEW) $(BIN)/python -m pytest -m 'hypothesis and not debian' --numprocesses $$(nproc) \
	  --dist worksteal --timeout 1800

# A simulated week of faults and kills against a real server, in MINUTES of ours; the normal tests have a short one.
MINUTES ?= 30
soak: venv
	COACHSYNC_SOAK_MINUTES=$(MINUTES) $(BIN)/python -m pytest -s tests/scenarios/test_week_of_faults.py

# Beside the floor, vdirsyncer, plain python-caldav and SQLCipher, which have an environment of their own; half an hour.
# Quicker: make bench SIZES=1000 ROUNDS=1
SIZES ?= 1000 10000
ROUNDS ?= 3
bench: venv $(TOOLS_STAMP)
	$(BIN)/python benchmarks/compare.py --sizes $(SIZES) --rounds $(ROUNDS) --tools $(TOOLS)
	$(BIN)/python benchmarks/real_servers.py --rounds $(ROUNDS)
	$(BIN)/python benchmarks/parts.py
	$(BIN)/python benchmarks/shares.py --sizes $(SIZES) --rounds $(ROUNDS)
	$(BIN)/python benchmarks/vault.py --size $(lastword $(SIZES)) --rounds $(ROUNDS) --tools $(TOOLS)

$(TOOLS_STAMP): benchmarks/requirements.txt
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements.txt
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What people install: dist/coachsync-VERSION-py3-none-any.whl
wheel: venv
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

# Brings the catalogues up to date with the sentences in the code; what is new in them waits for its translation.
catalogues: $(STAMP)
	$(BIN)/pybabel --quiet extract --no-default-keywords --keyword say --keyword say_count:1,2 --keyword click_says \
	  --keyword click_counts:1,2 --no-location --no-wrap --sort-output --add-comments for: \
	  --output-file $(VENV)/coachsync.pot src/coachsync
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --no-wrap --ignore-obsolete --ignore-pot-creation-date \
	  --domain coachsync --input-file $(VENV)/coachsync.pot --output-dir src/coachsync/locale

# The manual pages, from the commands' own help.
man: venv
	$(BIN)/python docs/man.py en > docs/coachsync.1
	$(BIN)/python docs/man.py fr > docs/coachsync.fr.1

lock:
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-emit-options --output-file requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-emit-options --output-file benchmarks/requirements.txt \
	  benchmarks/requirements.in

clean:
	rm -rf $(VENV) $(TOOLS)
