# The commands of this project. `make run` needs Python 3.11 or newer with venv, and the package registries.
# What pages need is fetched with npm; where there is no Node 18 or newer, one comes out of a Python package.
#   make run    install and serve the demo shop (PORT=8000 HOST=127.0.0.1)
#   make test   all tests, on SQLite and on PostgreSQL
#   make soak   the long form of the tests of kills, crowds, random histories and generated requests
#   make lint   style, types, architecture, migrations
#   make bench  speed beside its limits
#   make messages  put the texts of code and pages into the files of the translators
#   make lock   choose the newest versions that fit, write requirements/*.txt
#   make clean  remove what the others made; data/ stays

SHELL := /bin/sh
.DELETE_ON_ERROR:
.PHONY: install dev run test soak lint bench messages lock clean

HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements/build.txt requirements/base.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

# Sets $$python to the first interpreter that is new enough and can make environments. PYTHON= comes first.
FIND_PYTHON = for python in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  if [ -n "$$python" ] && "$$python" -c \
	    'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then break; fi; python=; done; \
	if [ -z "$$python" ]; then \
	  echo "Regulars needs Python 3.11 or newer with the venv module; none was found. Name one with PYTHON=/path/to/python3." >&2; \
	  exit 1; fi

VENDOR := src/regulars/static/vendor/versions.txt
TRANSLATIONS := $(wildcard src/regulars/locale/*/LC_MESSAGES/django.po)
CATALOGUES := $(TRANSLATIONS:.po=.mo)

# `$$npm` is the machine's, or the one of a package when there is none that is new enough.
NODE_IS_NEW = node -e 'process.exit(+(parseInt(process.versions.node) < 18))' >/dev/null 2>&1 && npm --version >/dev/null 2>&1
FIND_NPM = if $(NODE_IS_NEW); then npm=npm; else \
	  npm="$(BIN)/npm"; [ -x "$$npm" ] || { echo "Fetching Node, which this machine lacks"; \
	  $(PIP) --require-hashes -r requirements/node.txt || exit 1; }; fi

install: $(VENV)/installed $(VENDOR) $(CATALOGUES)
dev: install $(VENV)/installed-dev node_modules/with-dev

$(VENV)/installed: $(LOCKS) pyproject.toml requirements/base.in
	@$(FIND_PYTHON); \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo "Making the environment in $(VENV) with $$python"; \
	  "$$python" -m venv --clear $(VENV) || exit 1; \
	fi
	@echo "Installing Regulars and what it needs (a minute the first time)"
	@$(PIP) --require-hashes $(LOCKS:%=-r %)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements/dev.txt
	@echo "Installing what tests and linting need"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(VENDOR): package-lock.json tools/vendor.py | $(VENV)/installed
	@echo "Fetching what pages need"
	@$(FIND_NPM); "$$npm" ci --omit=dev --silent
	@$(BIN)/python -m tools.vendor

node_modules/with-dev: package-lock.json | $(VENDOR)
	@$(FIND_NPM); "$$npm" ci --silent
	@touch $@

$(CATALOGUES): %.mo: %.po | $(VENV)/installed
	@$(BIN)/python -m tools.messages compile $<

run: install
	@export REGULARS_ALLOW_HTTP=$${REGULARS_ALLOW_HTTP:-loopback}; \
	export REGULARS_REGISTRATION=$${REGULARS_REGISTRATION:-open}; \
	export REGULARS_WEBHOOK_NETWORKS=$${REGULARS_WEBHOOK_NETWORKS:-127.0.0.0/8,::1/128}; exec $(BIN)/regulars serve --demo --host "$(HOST)" --port "$(PORT)"

# Compiled tests are kept: several processes read them, twice. tests/conftest.py makes the groups and their order.
PYTEST = $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: dev
	@export PYTHONDONTWRITEBYTECODE=; \
	$(PYTEST) --database sqlite $(TESTS); first=$$?; \
	$(PYTEST) --database postgresql $(TESTS) && exit $$first

soak: dev
	@for database in sqlite postgresql; do SOAK=1 $(BIN)/python -m pytest --database $$database tests/races tests/ledger/test_stateful.py tests/api/test_openapi.py tests/rpc/test_fuzz.py tests/rpc/test_streaming.py || exit 1; done

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@folder=$$(mktemp -d) && REGULARS_DATA_DIR=$$folder $(BIN)/django-admin makemigrations --check --dry-run \
	  --settings regulars.settings; status=$$?; rm -rf "$$folder"; exit $$status

bench: dev
	@$(BIN)/python -m bench $(BENCH)

messages: install
	@$(BIN)/python -m tools.messages update

LOCK = CUSTOM_COMPILE_COMMAND="make lock" ../$(BIN)/pip-compile --quiet --upgrade --allow-unsafe --generate-hashes \
	--strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

lock: dev
	cd requirements && for name in build base dev node; do $(LOCK) --output-file $$name.txt $$name.in || exit 1; done
	@$(FIND_NPM); "$$npm" update --package-lock-only --silent

clean:
	rm -rf $(VENV) node_modules $(dir $(VENDOR)) $(CATALOGUES) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
