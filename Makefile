# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make test` and `make demo` are the two commands of the README; the rest is for developers.
# They make $(VENV) with the newest Python found here that a supported ansible-core can use, and the newest such core.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV ?= .venv
ifndef PYTHON
PYTHON := $(shell sh tests/run/find-python.sh 3.14 3.13 3.12 3.11)
endif
PYTHON_VERSION := $(if $(PYTHON),$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
ifndef CORE
CORE := $(shell awk '/^[0-9]/ { for (i = 2; i <= NF; i++) if ($$i == "$(PYTHON_VERSION)") { print $$1; exit } }' tests/run/cores.txt)
endif
IN_VENV = LC_ALL=C.UTF-8 PATH="$(abspath $(VENV))/bin:$$PATH" "$(abspath $(VENV))/bin/python"

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: venv
venv: ## Make the virtual environment
	@[ -n "$(PYTHON)" ] || { echo "No Python from 3.11 up with venv was found. Install one, such as: apt-get install python3-venv" >&2; exit 1; }
	@[ -n "$(CORE)" ] || { echo "No supported ansible-core runs on $(PYTHON). See tests/run/cores.txt." >&2; exit 1; }
	@sh tests/run/make-venv.sh "$(VENV)" "$(PYTHON)" ansible-core==$(CORE) tests/requirements.txt
	@echo "Python $(PYTHON_VERSION) ($(PYTHON)), ansible-core $(CORE), in $(VENV)"

.PHONY: demo
demo: venv ## Do the main job on throwaway hosts: learn, judge, place
	@$(IN_VENV) -m tests.lab.demo

.PHONY: test
test: venv ## Run everything that proves this checkout, within 20 minutes
	@$(IN_VENV) -m tests.run

.PHONY: soak
soak: venv ## Run what takes longer, one after the other
	@$(IN_VENV) -m tests.run --only soak --at-once 1

.PHONY: lab-up lab-ssh lab-down
lab-up: venv ## Boot the lab's hosts and leave them running
	@$(IN_VENV) -m tests.lab up

lab-ssh: venv ## Open a shell on a host of the lab: make lab-ssh HOST=name
	@$(IN_VENV) -m tests.lab ssh $(HOST)

lab-down: venv ## Stop the lab's hosts
	@$(IN_VENV) -m tests.lab down

.PHONY: format
format: venv ## Rewrite the Python files in the project's format
	@$(IN_VENV) -m ruff format .
	@$(IN_VENV) -m ruff check --fix .

.PHONY: generated
generated: venv ## Write anew what is generated: the tables of docs/exchanges.md and tests/README.md, what ccxt asks for
	@$(IN_VENV) -m tests.generated

.PHONY: lint units sanity
lint: venv ## Run the linters
	@$(IN_VENV) -m tests.run --only lint

units: venv ## Run the unit tests
	@$(IN_VENV) -m tests.run --only units

sanity: venv ## Run ansible-test sanity
	@$(IN_VENV) -m tests.run --only sanity

.PHONY: clean
clean: ## Remove the virtual environment and what tools left in the checkout
	rm -rf "$(VENV)" "$(VENV).lock" .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
