# `make run` starts the whole clinic, `make test` runs the tests. Needs Python 3.11+, nothing else.

# The first Python on the PATH that is new enough; name another with PYTHON=.
PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; \
	done),python3)

.DEFAULT_GOAL := help
.PHONY: help run test check battery mutants bench lock psql reset

help:
	@echo "make run     start the clinic on http://localhost:8000 (another port: make run PORT=8080)"
	@echo "make test    run the tests (some of them: make test PYTEST_ARGS='tests/patients -k merge')"
	@echo "make check   everything a change must pass"
	@echo "make battery the long proofs of booking (a tenth of them: make battery BATTERY_SHARE=10)"
	@echo "make mutants plant faults in the safety code and see a test fail for each (one module: make mutants MUTANTS=terms)"
	@echo "make bench   measure ours beside hand-written SQL (smaller: make bench SIZES=10_000)"
	@echo "make psql    open the local clinic's database"
	@echo "make reset   delete the local clinic's data, after asking"
	@echo "make lock    write the package locks anew (newer versions: make lock LOCK_ARGS=--upgrade)"

run:
	@$(PYTHON) -m ops.supervisor

test:
	@$(PYTHON) -m ops.testing

check:
	@$(PYTHON) -m ops.check

battery:
	@BATTERY=full BATTERY_SHARE=$(or $(BATTERY_SHARE),1) PYTEST_ARGS="tests/battery $(PYTEST_ARGS)" $(PYTHON) -m ops.testing

mutants:
	@MUTANTS=$(MUTANTS) MUTANTS_SHARE=$(MUTANTS_SHARE) MUTANTS_ONLY="$(MUTANTS_ONLY)" $(PYTHON) -m ops.mutants

bench:
	@$(PYTHON) -m bench $(SIZES)

lock:
	@$(PYTHON) -m ops.lock $(LOCK_ARGS)

psql:
	@$(PYTHON) -m ops.psql

reset:
	@$(PYTHON) -m ops.reset
