# The front door. `make bench` from a fresh clone sets itself up, measures and prints a table.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.PHONY: help setup bench bench-quick bench-full bench-company bench-judge bench-overhead bench-aa bench-between bench-page bench-planted bench-power bench-disturbed bench-faults bench-killed bench-latency bench-hosted bench-loops bench-loops-page bench-mirror bench-scale growth reference reference-page reference-plan bench-cluster-scale bench-crawl-scale bench-cross bench-line bench-shard bench-planted-loop bench-twin-loop test test-all installed fuzz docs house timelines check format lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: $(READY) ## make the virtual environment, with pinned versions

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . && touch $@

bench: $(READY) ## measure the default suite (under 4 minutes)
	$(BIN)/crawlbench run default

bench-quick: $(READY) ## measure the main cells (under 40 seconds)
	$(BIN)/crawlbench run quick

bench-full: $(READY) ## measure everything (a budget of 54 minutes; it can be resumed)
	$(BIN)/crawlbench run full

bench-overhead: $(READY) ## what the harness itself adds to a crawl
	$(BIN)/python -m benchmarks.overhead

bench-judge: $(READY) ## the whole judge on resampled laps: false verdicts, coverage, power (30 minutes)
	$(BIN)/python -m benchmarks.judge

bench-company: $(READY) ## sessions beside a busy neighbour, against quiet ones (an hour)
	$(BIN)/python -m benchmarks.company

bench-between: $(READY) ## sessions of the same code against each other, resumable (an hour; MINUTES=10 for a piece)
	$(BIN)/python -m benchmarks.between $(if $(MINUTES),--minutes $(MINUTES))

bench-aa: $(READY) ## equal things against each other, in laps and in blocks (20 minutes)
	$(BIN)/crawlbench aa --sessions 40 --blocks

bench-planted: $(READY) ## does `ab` find what was planted, also at load, and nothing else? (2 hours, in parts)
	$(BIN)/python -m benchmarks.planted $(PARTS)

bench-power: $(READY) ## how soon crawlbench and four other harnesses find 2 %, resumable (8 hours, MINUTES=20; needs hyperfine)
	$(BIN)/python -m benchmarks.power $(if $(MINUTES),--minutes $(MINUTES))

bench-cross: $(READY) ## plain loops against crawlbench: 8 clients, per page and to begin (30 minutes, PART= for one)
	$(BIN)/python -m benchmarks.cross $(PART)

bench-line: $(READY) ## slow starters per page and to begin, against a line through three lengths by hand (8 minutes)
	$(BIN)/python -m benchmarks.line $(if $(MINUTES),--minutes $(MINUTES))

bench-disturbed: $(READY) ## is a mirror that shares its CPU noticed?
	$(BIN)/python -m benchmarks.disturbed

bench-faults: $(READY) ## every fault for every strategy, into docs/faults.md (7 minutes)
	$(BIN)/python -m benchmarks.faults

bench-latency: $(READY) ## latency played against latency asked (2 minutes)
	$(BIN)/python -m benchmarks.latency

bench-loops: $(READY) ## event loops, operation by operation (10 minutes)
	$(BIN)/crawlbench run loops

bench-loops-page: $(READY) ## the same on every event loop there is, into docs/loops.md (30 minutes)
	$(BIN)/python -m benchmarks.loops

bench-hosted: $(READY) ## operations that share a process against those that have their own (20 minutes)
	$(BIN)/python -m benchmarks.hosted

bench-twin-loop: $(READY) ## equal event loops against each other: false verdicts (25 minutes)
	$(BIN)/python -m benchmarks.twin_loop

bench-planted-loop: $(READY) ## is a loop found that is 5 % slower in call-soon? (10 minutes)
	$(BIN)/python -m benchmarks.planted_loop

bench-mirror: $(READY) ## the mirror against nginx, and with idle connections (7 minutes; needs nginx-light and wrk)
	$(BIN)/python -m benchmarks.mirror

bench-page: $(READY) ## the page of the largest suite in a browser (1 minute; needs chromium)
	$(BIN)/python -m benchmarks.page

bench-scale: $(READY) ## what large sites cost: pages, items, the mirror's memory (1 minute)
	$(BIN)/python -m benchmarks.scale

bench-cluster-scale: $(READY) ## many machines and cells, simulated, into docs/scale.md (10 minutes)
	$(BIN)/python -m benchmarks.cluster_scale

bench-shard: $(READY) ## from how many pages does a cluster pay? (5 minutes)
	$(BIN)/python -m benchmarks.shard

bench-crawl-scale: $(READY) ## what a crawl of 100,000 pages costs a client (7 minutes)
	$(BIN)/python -m benchmarks.crawl_scale

reference: $(READY) ## the matrix of the table, resumable (4 hours; PART=api or MINUTES=10 for a piece)
	$(BIN)/python -m benchmarks.reference $(if $(PART),--part $(PART)) $(if $(MINUTES),--minutes $(MINUTES))

reference-plan: $(READY) ## what of the matrix is missing, and how long it takes
	$(BIN)/python -m benchmarks.reference --plan $(if $(PART),--part $(PART))

reference-page: $(READY) ## the table in docs/results/ from results/matrix/
	$(BIN)/python -m benchmarks.reference --page

growth: $(READY) ## what a matrix costs at 2, 4 and 10 times the contestants (2 minutes)
	$(BIN)/python -m benchmarks.growth

bench-killed: $(READY) ## sessions killed at 50 random moments, and resumed
	$(BIN)/python -m benchmarks.killed

# Many images ask Python not to keep what it compiles; here a thousand processes would compile our modules.
test test-all: export PYTHONDONTWRITEBYTECODE =
test-all: export CRAWLBENCH_FUZZ ?= 500

test: $(READY) ## run the tests, but the longest
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "$(or $(MARKS),not long)"

test-all: $(READY) ## run all tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

installed: $(READY) ## build sdist and wheel, and try them outside the checkout (1 minute)
	$(BIN)/python -m tests.installed

fuzz: $(READY) ## 100,000 edited session files and damaged archives, each read (30 minutes)
	$(BIN)/python -m tests.fuzz.sessions 100000
	$(BIN)/python -m tests.fuzz.archives 100000

docs: $(READY) ## make what documents quote, from --help and results/default
	$(BIN)/python docs/make.py

house: $(READY) ## the figures of the house beside its goals: files, rooms, arrows, longest function
	$(BIN)/python -m benchmarks.house

timelines: $(READY) ## the measured pictures of docs/asyncio.md
	$(BIN)/python docs/timeline.py

check: $(READY) ## lint, types and workflows; changes nothing
	$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/actionlint && $(BIN)/actionlint $(filter-out %/gitlab-ci.yml,$(wildcard docs/examples/ci/*.yml))
	$(BIN)/zizmor --offline --quiet .github action.yml $(filter-out %/gitlab-ci.yml,$(wildcard docs/examples/ci/*.yml))

format: $(READY) ## format the code
	$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

lock: $(READY) ## pin all versions anew, with hashes and without addresses
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
	  --no-header --python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
	  --no-header --python-version 3.11 --extra ci -c requirements/dev.txt pyproject.toml -o requirements/ci.txt

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
