# make run | make test | make check: each sets up what it needs by itself; repeated runs find their stamps in .make/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules
export PATH := $(CURDIR)/.make/bin:$(CURDIR)/.venv/bin:$(PATH)
export PYTHONUTF8 := 1
# Where images set it: a server that compiles its sources at each start takes three times as long to be back.
export PYTHONDONTWRITEBYTECODE :=

# The newest of these decides whether the bundle is built again.
SOURCES := $(shell find pwa templates locale sync/vectors -type f -not -path 'pwa/dist/*' 2>/dev/null)

.PHONY: run test soak faults bench check setup bundle clean help

help: ## What can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

run: setup ## The demo school on http://127.0.0.1:8000
	@zoufang migrate
	@zoufang demo
	@exec zoufang serve

test: setup ## All tests: server, sync, phone, journeys in a browser
	@python3 scripts/bootstrap.py system
	@python -m pytest -n 2 --dist loadfile

# SOAK is minutes for each of the tests that take it; two run at a time.
soak: setup ## Sync for long: random histories of phones, office and restores, cases for both sides. About 18 minutes; SOAK=60 for four hours
	@python3 scripts/bootstrap.py system
	@SOAK=$${SOAK:-4} python -m pytest -n 2 --dist load tests/server/gateway/test_machine.py tests/contract tests/sync/test_vectors.py

faults: setup ## Kills, power cuts, cut lines, a full disk, wrong clocks: what is lost, into docs/reliability.md. About 7 minutes
	@python3 scripts/bootstrap.py system
	@python -m tests.faults

bench: setup .make/pouch ## How fast it is, beside something bare, into BENCHMARKS.md (minutes; on a quiet machine)
	@python3 scripts/bootstrap.py system
	@python -m scripts.bench

check: setup ## Style, types, templates, forms, catalogue, size of the bundle
	@python scripts/check.py

setup: .make/python .make/node .make/bundle

bundle: .make/bundle ## The phone's JavaScript and CSS into pwa/dist

.make/python: pyproject.toml uv.lock
	@python3 scripts/bootstrap.py python
	@touch $@

.make/node: package.json package-lock.json
	@python3 scripts/bootstrap.py node
	@touch $@

# What the bench compares with is no part of the product and has an installation of its own.
.make/pouch: .make/node scripts/bench/pouch/package.json scripts/bench/pouch/package-lock.json
	@npm ci --prefix scripts/bench/pouch --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error
	@touch $@

.make/bundle: .make/node $(SOURCES)
	@node pwa/build.mjs
	@touch $@

clean: ## Forget what was built (the database in var/ stays)
	rm -rf .make .venv node_modules pwa/dist
