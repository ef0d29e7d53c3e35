# One command each; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help install run compose try-compose test check bench test-packages docs lock

BIN := .venv/bin
WORKERS ?= 2
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev

# What the tests need of Debian: MariaDB, mongod's library, Redis (without its daemon), a browser and a font for it.
TEST_PACKAGES := mariadb-server-core mariadb-client-core libcurl4 curl redis-tools chromium fonts-dejavu-core

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 16

install: $(INSTALLED) ## make .venv with what the platform needs

run: $(INSTALLED) ## load December 2023 without any server, then serve until Ctrl-C (ONCE=1: only load)
	$(BIN)/weather up --load 2023-12 --source sample $(if $(ONCE),--once)

compose: ## run in containers: MySQL, MongoDB, S3, Redis, workers; then load December 2023 and a small year
	@deploy/compose.sh

try-compose: ## full test in containers: load, break in every way, restore, upgrade, down -v (half an hour)
	@deploy/try-compose.sh

test: $(INSTALLED_DEV) test-packages ## install what the tests need, then check everything
	@$(BIN)/python -m weather_platform_tests.servers.mysql
	@$(MAKE) --no-print-directory check

check: $(INSTALLED_DEV) ## style, types, import boundaries and tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/dg check defs
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

bench: $(INSTALLED_DEV) .venv-bench/.installed test-packages ## measure posting and backfilling beside a floor and others (TIMES=5, QUICK=1: minutes)
	PYTHONPATH=. $(BIN)/python benchmarks/bench.py --times $(TIMES) $(if $(QUICK),--quick)
TIMES ?= $(if $(QUICK),1,5)

.venv-bench/.installed: benchmarks/requirements-peers.txt
	@python3 -m venv .venv-bench
	@.venv-bench/bin/pip install --quiet --disable-pip-version-check -r $< || echo "Peers that cannot be installed are named in the table."
	@touch $@

docs: $(INSTALLED) ## write the pages that are made from the code
	$(BIN)/weather settings --markdown > docs/configuration.md

lock: ## write the lock files again (UPGRADE=1: with the newest releases)
	uv pip compile $(LOCK_OPTIONS) --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile $(LOCK_OPTIONS) -c requirements-dev.lock pyproject.toml -o requirements.lock
	uv pip compile $(LOCK_OPTIONS) -c requirements-dev.lock --extra servers pyproject.toml -o requirements-servers.lock
	uv pip compile $(LOCK_OPTIONS) -c requirements-dev.lock --extra kubernetes pyproject.toml -o requirements-kubernetes.lock
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(if $(UPGRADE),--upgrade)

$(INSTALLED): requirements.lock pyproject.toml
	@deploy/make-venv.sh requirements.lock
	@touch $@

# The development lock holds the other one's pins too.
$(INSTALLED_DEV): requirements-dev.lock pyproject.toml
	@deploy/make-venv.sh requirements-dev.lock
	@touch $(INSTALLED) $@

test-packages:
	@if dpkg --status $(TEST_PACKAGES) >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing $(TEST_PACKAGES) ..."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(TEST_PACKAGES) >/dev/null \
			|| echo "apt-get failed: tests whose server is missing will say so."; \
	else \
		echo "Some tests need these Debian packages (as root: apt-get install ...): $(TEST_PACKAGES)"; \
	fi
