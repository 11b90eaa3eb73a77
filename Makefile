# The whole house from one place. `make help` says what there is.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WHOLE_HOUSE := tests/promises/test_smoke.py  # kills and cuts need the machine to themselves

.PHONY: help demo up down test promises lint types docs bench assets requirements environment
.DEFAULT_GOAL := help

help: ## What can be made here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 22

demo: environment ## Bring everything up and play one whole cycle through it, in about a minute
	$(RUN) -m deploy.demo

up: environment ## Start the stack without containers, and leave it running
	$(RUN) -m deploy.local up

down: environment ## Stop it; nothing is left behind
	$(RUN) -m deploy.local down

test: environment ## Everything that must hold, on real Postgres, Kafka, mail and Chromium
	$(RUN) -m deploy.chromium
	$(RUN) -m pytest -n 2 --dist loadfile --ignore=$(WHOLE_HOUSE)
	$(RUN) -m pytest $(WHOLE_HOUSE)

promises: environment ## Break the house and judge it: SEED=7, PROFILE=smoke|full|release, CAMPAIGN="kills …", KEEP=1
	$(RUN) -m tests.promises $(CAMPAIGN) --profile $(or $(PROFILE),full) $(if $(SEED),--seed $(SEED)) $(if $(KEEP),--keep)

lint: environment ## Style, boundaries, SQL
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports
	$(RUN) -m deploy.lint_sql

types: environment ## Pyright; strict for schemas, chassis and every domain
	$(VENV)/bin/pyright

docs: environment ## Write again what is generated: schemas, examples, catalogue, diagrams
	$(RUN) -m schemas.generate
	$(RUN) -m services.readmes

bench: environment ## Measure what is claimed; see bench/README.md
	$(RUN) -m bench delivery
	$(RUN) -m bench

assets: environment ## Build the vendored assets again (needs Node; only for raising a version)
	$(RUN) -m deploy.assets.build

requirements: environment ## Write requirements/ again from pyproject.toml (needs uv)
	$(RUN) -m deploy.requirements

environment:
	@$(PYTHON) deploy/environment.py
