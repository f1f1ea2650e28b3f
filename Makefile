# The commands of the house; each is one line of what it runs. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STACK := node dist/apps/local-stack/src/main.js

COMPOSE := docker compose --env-file docker/.env -f docker/compose.yaml \
	$(if $(filter production,$(NODE_ENV)),,-f docker/compose.development.yaml) --profile full

.PHONY: help up up-full engine down status test test-auth check bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: dist ## Start PostgreSQL, Keycloak, auth-api and a gateway on this machine
	@$(STACK) up

up-full: engine dist ## The same in containers, with the real Kong, Prometheus and Grafana (Docker)
	@node docker/setup.mjs
	@$(COMPOSE) up -d --build --wait
	@echo "gateway http://localhost:8000, Keycloak http://localhost:8085, Grafana http://localhost:3000 (admin; passwords in docker/.env)"

engine:
	@docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 || \
	{ echo "make up-full needs a running Docker engine (28 or newer) with compose (2.33 or newer); without one: make up" >&2; exit 1; }

down: ## Stop what `make up` and `make up-full` started
	@if [ -d dist ]; then $(STACK) down; else echo "nothing is built, so nothing is running"; fi
	@if [ -f docker/.env ] && docker info >/dev/null 2>&1; then $(COMPOSE) down; fi

status: dist ## Show what is running
	@$(STACK) status

test: node_modules ## Everything: checks, tests on real parts, the Postman collections
	@node test/run.mjs all

test-auth: dist ## The Postman collections against what `make up` started
	@node test/automation/run.mjs

check: node_modules ## The fast part: format, lint, types, architecture, unit tests
	@node test/run.mjs check

bench: node_modules ## Measure, against a bare server in the same run
	@npm run --silent bench

clean: ## Forget what was built and installed
	rm -rf dist node_modules test-results

# Installed again when the lock file is newer.
node_modules: package-lock.json
	@echo "installing packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules

# Built again when a source is newer.
SOURCES := $(shell find apps/*/src libs/*/src -name '*.ts' -not -name '*.spec.ts' 2>/dev/null)
dist: node_modules $(SOURCES) package.json tsconfig.json
	@echo "building"
	@npm run --silent build
	@touch dist
