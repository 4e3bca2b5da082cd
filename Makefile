# Commands for users and contributors; `make help` lists them. Logic lives in tools/ and demo/.
# Presumes python3 (3.11 or newer, with venv), git and make. Another Python: make PYTHON=python3.12 …

PYTHON ?= python3
VENV = .venv/bin/python
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo run test check bench lint format lock ready ready-dev

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf 'make %-8s %s\n' "$$name" "$$text"; done

demo: ready ## See it work, without any account; DEMO_REPO=/path/to/a/clone replays that history
	@$(VENV) -m demo

run: ready ## Set up, migrate and serve on HOST:PORT (127.0.0.1:8000)
	@exec $(VENV) -m gunicorn -c gunicorn.conf.py wsgi:app

test: ready-dev ## Run the whole test suite on SQLite, then what uses a database on PostgreSQL
	@status=0; for database in sqlite postgresql; do \
		echo "Tests on $$database"; \
		$(VENV) -m pytest -n auto --dist worksteal --database "$$database" $(PYTEST_ARGS) || status=1; \
	done; exit $$status

check: lint test ## Everything that must hold before a commit: lint, then test

bench: ready-dev ## Measure speed and memory against references; BENCH=intake,graph selects
	@$(VENV) -m benchmarks

lint: ready-dev ## Check format, style, types, import rules and migrations; no tests
	@status=0; \
	$(VENV) -m ruff format --check . || status=1; \
	$(VENV) -m ruff check . || status=1; \
	$(VENV) -m mypy || status=1; \
	.venv/bin/lint-imports || status=1; \
	$(VENV) -m flask --app wsgi:app db check || status=1; \
	exit $$status

format: ready-dev ## Put the code into its one layout and sort imports
	@$(VENV) -m ruff format .
	@$(VENV) -m ruff check --fix .

lock: ready-dev ## Pin requirements*.in, with hashes, into requirements*.txt
	@$(VENV) tools/lock.py

ready:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) tools/setup.py

ready-dev:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) tools/setup.py --dev
