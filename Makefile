# `make` sets up all it needs in .venv, from locked and hashed packages, and checks the tree. Needs Python >= 3.11.
.DEFAULT_GOAL := check
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
PYTHON_ := $(BIN)/python
PIP := $(PYTHON_) -m pip --disable-pip-version-check install --quiet --no-compile
COMPILE := $(PYTHON_) -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --build-deps-for editable
JOBS ?= 2
MERMAID := 11.17.2
SMSC := smpp@0.5.1 iconv-lite@0.6.3 safer-buffer@2.1.2
MERMAID_SHA256 := 581ed7d74bd9048d0e3a91363927d72ef22942d7722546b27f7cc29e35390eb8

.PHONY: check help run test world kills bench costs crowd overload scale sizes soak lookups volume smsflood lint format messages docs pictures figures site mermaid smsc schema lock wheel clean

check: lint test ## lint, types and tests (this is what `make` does)

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/.run ## the gateway on 127.0.0.1:8080, with everything embedded
	$(BIN)/ussd-engine serve --host 127.0.0.1 --port 8080

test: .venv/.dev ## the tests, JOBS=n at a time; with CI=true also the long ones and those that need servers
	$(PYTHON_) -m pytest --numprocesses $(JOBS) --dist worksteal $(TESTS)

world: .venv/.dev ## the turn in a simulated world; SEED=n, RUNS=n, PAIRS=1, PART=k/n, POINTS=1
	@$(PYTHON_) -m tests.world $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) \
		$(if $(PAIRS),--pairs) $(if $(PART),--part $(PART)) $(if $(POINTS),--points)

kills: .venv/.dev ## print where the tests kill the process on its way (needs redis-server)
	@$(PYTHON_) -m tests.kills

bench: .venv/.run ## the speed beside a bare handler, in interleaved rounds; ROUNDS=n (needs redis-server, two cores)
	@$(PYTHON_) -m benchmarks $(if $(ROUNDS),--rounds $(ROUNDS))

costs: .venv/.run ## what a step costs on each channel beside africastalking; ROUNDS=n (needs redis-server, two cores)
	@$(PYTHON_) -m benchmarks.costs $(if $(ROUNDS),--rounds $(ROUNDS))

crowd: .venv/.run ## how long 512 dialogs wait that are opened at once (needs redis-server)
	@$(PYTHON_) -m benchmarks.crowd

overload: .venv/.run ## what becomes of callers where more come than can be served; TIMES=n (needs redis-server)
	@$(PYTHON_) -m benchmarks.overload --times $(or $(TIMES),2)

scale: .venv/.run ## the work of a step at 10,000 screens and 50,000 institutions (needs valgrind)
	@$(PYTHON_) -m benchmarks.scale

sizes: .venv/.run ## the octets of a live session, 200,000 of them (needs redis-server)
	@$(PYTHON_) -m benchmarks.sizes

soak: .venv/.run ## memory over ten minutes at 200 steps a second; MINUTES=n (needs redis-server)
	@$(PYTHON_) -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES))

lookups: .venv/.dev ## whether the time of a look-up tells why it was refused; DATABASE=url, else SQLite
	@$(PYTHON_) -m benchmarks.lookups $(if $(DATABASE),--database $(DATABASE))

volume: .venv/.dev ## look-ups, an inbox and the figures at 100,000 cases; POSTGRES=1 (it runs on 127.0.0.1:5432)
	@$(PYTHON_) -m benchmarks.volume $(if $(POSTGRES),--postgres)

smsflood: .venv/.dev ## 10,000 SMS against a provider that fails in every way; NOTICES=n, PER_CALL=n, POSTGRES=1
	@$(PYTHON_) -m benchmarks.smsflood $(if $(NOTICES),--notices $(NOTICES)) \
		$(if $(PER_CALL),--per-call $(PER_CALL)) $(if $(POSTGRES),--postgres)

lint: .venv/.dev ## style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/.dev ## bring the code into its format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: .venv/.run ## bring the catalogues up to date with the menus and the simulator
	$(BIN)/ussd-engine messages
	$(PYTHON_) -m simulator.speech locales

docs: .venv/.dev ## write the pages that are made from the code, and build the site
	$(PYTHON_) -m ussd_engine.settingspage > docs/settings.md
	$(PYTHON_) -m ussd_engine.metrics > docs/metrics.md
	@$(MAKE) --no-print-directory site

pictures: .venv/.run ## draw the pictures of the documents anew
	$(PYTHON_) -m simulator.pictures docs/pictures

figures: build/mermaid/mermaid.min.js ## draw the diagrams of the documents anew (needs npm and chromium)
	$(PYTHON_) docs/figures/draw.py $<

site: .venv/.dev ## the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

mermaid: build/mermaid/mermaid.min.js ## fetch Mermaid, which a test lets read our flowcharts (needs npm)

smsc: build/smsc/.fetched ## fetch an SMSC of npm's, which the tests of SMPP are held against (needs npm)

schema: .venv/.run ## write the schema and the reference of the menu language, and the schema of a core's messages
	$(PYTHON_) -m ussd_engine.menu.publish docs
	$(PYTHON_) -m ussd_engine.feedback.wire docs

lock: .venv/.dev ## choose and hash the newest packages anew (with the oldest Python that is supported)
	$(PIP) pip-tools
	$(COMPILE) --upgrade --output-file requirements.txt setup.cfg
	$(COMPILE) --upgrade --extra test --extra lint --extra site --constraint requirements.txt \
		--output-file requirements-dev.txt setup.cfg

wheel: .venv/.dev ## build the wheel into dist/
	$(PYTHON_) -m build --wheel --no-isolation

build/mermaid/mermaid.min.js:
	@mkdir -p $(@D)
	cd $(@D) && npm pack --silent mermaid@$(MERMAID) >/dev/null && \
		tar -xzmf mermaid-$(MERMAID).tgz --strip-components=2 package/dist/mermaid.min.js && rm mermaid-$(MERMAID).tgz
	@echo "$(MERMAID_SHA256)  $@" | sha256sum --check --quiet

# each in a folder of its own name, as `require` looks for it
build/smsc/.fetched: tests/servers/smsc.sha256
	@mkdir -p $(@D)
	cd $(@D) && npm pack --silent $(SMSC) >/dev/null && sha256sum --check --quiet ../../tests/servers/smsc.sha256 && \
		for name in smpp iconv-lite safer-buffer; do mkdir -p node_modules/$$name && \
		tar -xzf $$name-[0-9]*.tgz --strip-components=1 -C node_modules/$$name; done && rm -f ./*.tgz
	@touch $@

clean: ## remove what was made, but for var/
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.run: requirements.txt setup.cfg pyproject.toml
	@$(PYTHON_) -c '' 2>/dev/null || "$$(sh .ci/python)" -m venv --clear .venv
	$(PIP) --require-hashes --requirement requirements.txt
	$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	$(PIP) --require-hashes --requirement requirements-dev.txt
	@touch $@
