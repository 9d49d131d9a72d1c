# make serve | test | test-stores | rehearse | conformance | setup | check | lock | bench | mutation | bench-scale | bench-serve
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORES := oxigraph virtuoso
STORE_TESTS := tests/test_store.py tests/test_remote.py tests/test_endpoint.py tests/test_scale.py
BEHIND_TESTS := tests/test_http.py tests/test_api.py # what stands behind a server takes as well: test_sparql, test_links, test_views, test_problems
MUTMUT := mutmut==3.8.1
RDFLIB_ENDPOINT := rdflib-endpoint[cli]==0.6.3
SIZES := 100000 1000000 10000000
WITHOUT :=

.PHONY: setup serve test test-stores rehearse conformance check lock bench bench-scale bench-serve mutation clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 2; }
	@echo "Setting up $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

serve: setup
	@$(BIN)/wherefrom serve

test: check
	@echo "Testing ..."
	@$(BIN)/python -m pytest -q

test-stores: setup
	@case "$(STORES)" in *virtuoso*) command -v virtuoso-t > /dev/null || { \
		echo "Virtuoso 7 is missing: apt-get install virtuoso-opensource-7-bin, or make test-stores STORES=oxigraph"; exit 2; };; esac
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-stores.txt
	@echo "Testing what is answered, and what is served, behind $(STORES) ..."
	@$(BIN)/python -m pytest -q $(STORES:%=--server=%) -k "$$(echo $(STORES) | sed 's/ / or /g')" $(STORE_TESTS)
	@for store in $(STORES); do $(BIN)/python -m pytest -q --behind=$$store $(BEHIND_TESTS) || exit 1; done

rehearse: setup
	@echo "Rehearsing the steps of deploy/Containerfile ..."
	@$(BIN)/python deploy/rehearsal.py

conformance: setup
	@$(BIN)/python -m pytest -q -rfE tests/conformance --deselect tests/conformance/test_known.py::test_the_table_is_what_a_run_counts --write-conformance

check: setup
	@echo "Checking form, types and the direction of imports ..."
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > .import-check 2>&1 || { cat .import-check; rm -f .import-check; exit 1; }
	@rm -f .import-check

lock:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --group dev pyproject.toml -o requirements.txt
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -c requirements.txt pyproject.toml -o requirements-run.txt
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --group pyproject.toml:stores -o requirements-stores.txt

bench: setup
	@$(BIN)/python bench/figures.py

bench-scale: setup
	@$(BIN)/python bench/scale.py

bench-serve: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-stores.txt
	@test -x .venv-peers/bin/rdflib-endpoint || { $(BIN)/python -m venv .venv-peers && .venv-peers/bin/python -m pip install --quiet \
		--disable-pip-version-check '$(RDFLIB_ENDPOINT)'; }
	@$(BIN)/python bench/serve.py --without '$(WITHOUT)' $(SIZES)

mutation: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(MUTMUT)
	@nice -n 15 $(BIN)/python bench/mutation.py

clean:
	rm -rf $(VENV) .venv-peers .wherefrom
