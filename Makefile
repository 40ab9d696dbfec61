# `make run` shows the product working, `make test` runs everything CI runs. Both set up all they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SEED    ?= 1
MINUTES ?= 92
PODS    ?= 100
MIX     ?= balanced
CONTAINERS ?= yes

.DEFAULT_GOAL := help
.PHONY: help run test containers check lint types contracts train evaluate bench record screenshots docs clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.run: requirements.txt $(wildcard requirements/*.txt) scripts/make_venv.sh
	@bash scripts/make_venv.sh "$(PYTHON)" "$(VENV)" requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@bash scripts/make_venv.sh "$(PYTHON)" "$(VENV)" requirements-dev.txt
	@touch $@

run: $(VENV)/.run  ## train if needed, start API (8000) and dashboard (8501), print one forecast
	@$(BIN)/python -m podforecast run

test: $(VENV)/.dev  ## checks and all tests, with the real components they need
	@MAKE="$(MAKE)" bash scripts/run_all_tests.sh $(BIN)/python $(CONTAINERS)

containers: $(VENV)/.dev  ## build the images, run docker-compose.yml, test it (make test CONTAINERS=no leaves it out)
	@bash scripts/container_job.sh $(BIN)/python

check: lint types contracts  ## lint, types, import contracts

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

contracts: $(VENV)/.dev
	@$(BIN)/lint-imports

train: $(VENV)/.run  ## train on the recorded campaigns into models/
	@$(BIN)/python train_model.py

evaluate: $(VENV)/.run  ## score the saved model on data it never saw, into results/
	@$(BIN)/python evaluate_model.py

bench: $(VENV)/.dev  ## time and memory, one JSON line a figure
	@$(BIN)/python -m benchmarks

record: $(VENV)/.dev  ## record a campaign: SEED=1 MINUTES=92 PODS=100 MIX=balanced (root, Linux)
	@bash scripts/install_components.sh
	@$(BIN)/python -m lab record --seed $(SEED) --minutes $(MINUTES) --pods $(PODS) --mix $(MIX)

screenshots: $(VENV)/.dev  ## take the pictures of docs/images/ from a running `make run`
	@bash scripts/install_components.sh
	@$(BIN)/python scripts/take_screenshots.py

docs: $(VENV)/.dev  ## regenerate the generated pages of docs/
	@$(BIN)/python -m podforecast docs

clean:  ## remove the environment and everything generated, not data/
	rm -rf $(VENV) results var .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
