# make demo     migrate four servers to the local cloud, on this machine alone
# make test     run every check on the newest ansible-core; the last lines are those of pytest
# Every target installs what it needs. Targets may be repeated, interrupted, or run at the same time. All files are written to build and .venv*.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

root := $(CURDIR)
python := .venv/bin/python
gate := tools/gate.sh
# The oldest ansible-core that is supported, and the next one. Both have separate environments; that of the newest is .venv.
OLDEST := 2.16
NEXT := 2.22
CORE ?= $(OLDEST)
tree := build/tree/ansible_collections/edgelift/ens_migration

# Real folders of the clone before everything else; no file of the user's own Ansible is read or written.
export ANSIBLE_CONFIG := $(root)/ansible.cfg
export ANSIBLE_HOME := $(root)/build/ansible
export ANSIBLE_COLLECTIONS_PATH := $(root)/build/collections
export PYTHONPATH := $(root):$(root)/tests:$(root)/build/collections
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without compiled files, each of some hundred processes of a test run would compile what it imports.
unexport VIRTUAL_ENV PYTHONHOME PYTHONDONTWRITEBYTECODE ANSIBLE_COLLECTIONS_PATHS ANSIBLE_INVENTORY
# A socket's name has room for 107 characters, of which ssh's own ending takes about 40.
ifneq ($(shell printf %s '$(root)/build/ansible/cp' | wc -c | awk '$$1 > 65'),)
export ANSIBLE_SSH_ARGS := -C -o ControlMaster=no -o ControlPersist=no
endif

.PHONY: help
help:
	@printf '%s\n' \
	  'make demo               migrate four servers over SSH to ENS images in the local cloud (KEEP=1 keeps disks and images in build/demo)' \
	  'make test               run every check on the newest ansible-core (about 14 minutes on two idle cores)' \
	  'make test-oldest        run the checks that depend on ansible-core on 2.16, molecule, galaxy-importer and docs (about 9 minutes)' \
	  'make test-core          run sanity, ansible-lint, unit and integration tests on ansible-core CORE=2.16 to 2.22 (about 8 minutes)' \
	  'make test-next          run make test-core on the next ansible-core, 2.22' \
	  'make test-long          run the tests that make test leaves out because they are slow (about 25 minutes)' \
	  'make report-check       open the HTML reports in Chromium, and check them with axe-core, which npm gets (2 minutes)' \
	  'make setup              install virtual environments, system packages and the collection' \
	  'make lint               run ruff, mypy, ansible-lint and the changelog check' \
	  'make sanity             run ansible-test sanity on the newest and the oldest ansible-core' \
	  'make galaxy             check the artifact with galaxy-importer' \
	  'make docs               build the documentation site in build/docs/html (1 minute)' \
	  'make unit               run the unit tests (TESTS="file ..." for these files only, ARGS="-k name" for pytest)' \
	  'make integration        run the integration tests, those of make test-long included (TESTS and ARGS, too)' \
	  'make conformance        run the tests and models of the vendor against the local cloud (3 minutes)' \
	  'make ledger-model       check the protocol of the ledger against every order of events (MOST=20000: some minutes)' \
	  'make races              race several controllers under 1,000 seeds (about 10 minutes; SEEDS=17 replays one)' \
	  'make mutants            check that the tests find bugs planted in ownership, scope and cleanup (about 15 minutes)' \
	  'make scenarios          run a wave of two servers under every fault of the catalogue (5 to 10 minutes)' \
	  'make canary-variants    run a canary and a wave under each way in which ENS may import, and print a table (5 minutes)' \
	  'make molecule           run the molecule scenario "default" on real SSH hosts (SCENARIO=failure, sliced or all for others)' \
	  'make secrets            run plays that succeed and fail, and search all that they leave for secrets (15 minutes; ARGS="throttled" for one)' \
	  'make lock               renew tests/locks, from which the virtual environments are installed, at the newest versions (5 minutes)' \
	  'make collection         build the artifact in build/dist and install it in build/collections' \
	  'make bench              measure requests per second, start-up and a mostly empty disk of the local cloud (30 seconds)' \
	  'make bench-jobs         measure the cost of 1,000 replication jobs for a request to the local cloud (30 seconds)' \
	  'make bench-fleet        measure calls, CPU and memory for 50 and 200 simulated servers, and write docs/performance.md (15 minutes; FULL=1: 1,000, and bench-playbook)' \
  'make bench-playbook     measure the whole migrate.yml on 25 and 50 hosts over SSH, and write docs/performance.md (10 minutes; FULL=1: up to 200)' \
  'make bench-probe        compare source_probe with ansible.builtin.setup and pyinfra on 200 hosts over SSH (10 minutes)' \
	  'make e2e                migrate a Debian guest of QEMU, and boot its ENS image, as root (20 minutes; GUESTS=all)' \
	  'make distros            probe the operating systems of tests/distros/manifest.yml, as root (30 minutes)' \
	  'make awx                write examples/awx from tools/awx.yml and the argument specs of the roles' \
	  'make awx-load           load examples/awx with the collection awx.awx into a stand-in for the API of AWX (3 minutes)' \
	  'make runner             install what an execution environment has, and run waves and slices there under ansible-runner (5 minutes)' \
	  'make sbom               write the software bill of materials (CycloneDX) of the artifact to build/dist' \
	  'make release-trial      sign the artifact with a key of this run, and install it with and without a valid signature' \
	  'make upgrade FROM=tag   begin a migration with an earlier version, and finish it with this one (1 minute)' \
	  'make policies           write docs/policies from the calls that each job makes against the local cloud (1 minute)' \
	  'make clean              stop what still runs, and remove everything that make has written'

# ---- set-up: quick when everything is installed ----
.PHONY: setup venv system collection core importer docs-tools rootfs
setup: collection rootfs

system:
	@tools/system.sh

venv: system
	@tools/venv.sh newest

collection: venv
	@$(python) tools/collection.py

# Exit 3: this machine has no suitable Python. venv.sh reports it, and the checks that need the environment are left out.
core: system
	@tools/venv.sh $(CORE) || [ $$? = 3 ]

importer: system
	@tools/venv.sh importer || [ $$? = 3 ]

docs-tools: system
	@tools/venv.sh docs || [ $$? = 3 ]

# The packages of all environments with their hashes, at the newest versions of the package index.
.PHONY: lock
lock: venv
	@$(python) -m venv --clear .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --require-hashes -r tests/locks/uv.txt
	@$(python) tools/lock.py .venv-lock/bin/uv

# What the hosts of demo and tests run. Built here, two test workers do not build it at the same time.
rootfs: venv
	@$(python) -m testbed rootfs

# ---- use ----
.PHONY: demo
demo: collection rootfs
	@$(python) -m testbed.demo $(if $(filter-out 0 no false,$(KEEP)),--keep)

# Exit 1 below 500 requests per second or above one second to start; JSON=1 prints one object.
.PHONY: bench
bench: collection
	@$(python) benchmarks/sandbox_rps.py $(if $(filter-out 0 no false,$(JSON)),--json)

# A request over 1000 jobs against one over none, and the index of due rows against a walk over all (half a minute).
.PHONY: bench-jobs
bench-jobs: collection
	@$(python) benchmarks/sandbox_jobs.py

# Exit 1 when a server is not migrated or something is left; ARGS="--sizes 50" and the like.
.PHONY: bench-fleet
bench-fleet: collection
	@$(python) benchmarks/fleet.py $(if $(filter-out 0 no false,$(FULL)),--full) $(ARGS)
	@$(if $(filter-out 0 no false,$(FULL)),$(MAKE) -s bench-playbook FULL=1 ARGS=)

# Exit 1 when a host is not migrated; ARGS="--sizes 10 --keep-page" and the like.
.PHONY: bench-playbook
bench-playbook: collection rootfs
	@$(python) benchmarks/playbook_fleet.py $(if $(filter-out 0 no false,$(FULL)),--full) $(ARGS)

# Exit 1 when 200 hosts take longer than 60 seconds; ARGS="--rounds 1 --forks 25" and the like.
.PHONY: bench-probe
bench-probe: collection
	@$(python) benchmarks/probe_fleet.py $(ARGS)

# Root file systems and QEMU guests without hardware acceleration: NAMES="debian-12-full busybox-only" makes some of them.
.PHONY: distros
distros: collection
	@$(python) -m distros $(NAMES)

# Exit 1 when something is not true, 2 when this machine lacks something; GUESTS="lvm no-python", ARGS=--keep and the like.
.PHONY: e2e
e2e: collection
	@$(python) -m e2e $(GUESTS) $(ARGS)

# ---- checks: one line each, or the whole log of the one that failed ----
.PHONY: lint ruff mypy ansible-lint ansible-lint-core changelog sanity sanity-newest sanity-core galaxy docs molecule
lint: ruff mypy ansible-lint changelog
sanity: sanity-newest sanity-core

ruff: venv
	@$(gate) ruff $(python) -m ruff check --no-cache .

mypy: collection
	@$(gate) mypy env MYPYPATH=build/tree:tests $(python) -m mypy -p ansible_collections.edgelift.ens_migration.plugins -p sandbox -p testbed -p guests -p distros -p e2e -p races

ansible-lint: collection
	@$(gate) ansible-lint env -C $(tree) NO_COLOR=1 PATH=$(root)/.venv/bin:$$PATH ansible-lint --offline --strict

ansible-lint-core: collection core
	@if [ -e .venv-$(CORE)/complete ]; then \
	  $(gate) ansible-lint-$(CORE) env -C $(tree) NO_COLOR=1 PATH=$(root)/.venv-$(CORE)/bin:$$PATH ansible-lint --offline --strict; fi

changelog: venv
	@$(gate) changelog $(python) -m antsibull_changelog lint

sanity-newest: collection
	@$(gate) sanity tools/sanity.sh .venv

sanity-core: collection core
	@if [ -e .venv-$(CORE)/complete ]; then $(gate) sanity-$(CORE) tools/sanity.sh .venv-$(CORE); fi

galaxy: collection importer
	@if [ -e .venv-importer/complete ]; then $(gate) galaxy-importer tools/importer.sh; fi

docs: collection docs-tools
	@if [ -e .venv-docs/complete ]; then $(gate) docs tools/docs.sh; fi

molecule: collection rootfs
	@$(gate) molecule tools/molecule.sh $(if $(SCENARIO),test $(if $(filter all,$(SCENARIO)),--all,-s $(SCENARIO)))

# ---- tests ----
# Markers (tests/conftest.py) say what a run leaves out: "long" tests run in make test-long, "any_core" tests run on the newest
# ansible-core alone, "oldest_core" tests on the oldest alone and in make test-long. So .ci/run runs each that is not long. More workers than cores: tests wait for processes and clocks of the local cloud.
pytest := -m pytest --dist loadfile --no-loadscope-reorder
.PHONY: unit integration pytest-core test test-oldest test-next test-core test-long checks checks-core checks-oldest environments
unit: collection
	@$(python) -m pytest $(or $(TESTS),tests/unit) $(ARGS)

integration: collection rootfs
	@$(python) -m pytest $(or $(TESTS),tests/integration) $(ARGS)

# No prerequisite that takes time: it must start first.
pytest-core: collection core
	@if [ -e .venv-$(CORE)/complete ]; then \
	  $(gate) pytest-$(CORE) .venv-$(CORE)/bin/python $(pytest) -n 3 -m 'not any_core and not long' -o cache_dir=build/pytest-$(CORE); fi

# Every answer of a test session is held against the response models of the vendor's alibabacloud packages (tests/support/answers.py);
# here the session that has an answer of every action, and of every operation of OSS, in the shortest time.
.PHONY: conformance conformance-models conformance-oss
conformance: conformance-models conformance-oss

conformance-models: collection
	@ANSWERS=all $(python) -m pytest -q tests/unit/sandbox tests/integration/test_sandbox_acs3.py tests/integration/test_sandbox_rpc.py \
	  $(wildcard tests/integration/test_sandbox_oss*.py)
	@$(python) -m support.documented_codes
	@$(python) -m support.request_rules

# The ledger's protocol against every order of events, with more stops, kills and lost answers than the unit tests (hours;
# MOST=20000 visits so many states of each scenario at most).
.PHONY: ledger-model
ledger-model: collection
	@$(python) -m support.ledger_model $(MOST)

# Several controllers with the collection's own code on one virtual clock; SEEDS="17 1-50". The hash seed makes a seed's
# run the same each time. Traces of the seeds that violate a rule are in build/races.
.PHONY: races mutants
races: collection
	@PYTHONHASHSEED=0 $(python) -m races $(SEEDS)

# Each mutant of tests/races/mutants.yml in a copy of the collection; NAMES="word ..." runs those whose names have a word.
mutants: collection
	@PYTHONHASHSEED=0 $(python) -m races.mutants $(NAMES)

# oss2's functional tests, from its sdist, under V1 and V4 side by side; PIN=1 writes the lists of those that pass.
conformance-oss: collection
	@$(python) -m conformance.vendor build/conformance $(if $(filter-out 0 no false,$(PIN)),--pin)

# Exit 1 when a secret is found in any form, or when a run does not end as it should.
.PHONY: secrets
secrets: collection rootfs
	@$(python) -m leaks $(ARGS)

# The objects of AWX below examples/awx, from tools/awx.yml and the argument specs of the roles.
.PHONY: awx awx-load
awx: venv
	@$(python) tools/awx.py

# The collection awx.awx, out of the package ansible, loads the objects into a stand-in for the API of AWX.
AWX := ansible==12.3.0 --hash=sha256:cd156f82fa87f7a899212b0efa9f7ca3a24d609212de9f78428a572eb01e5414
awx_folder := build/awx/ansible_collections/awx/awx
awx-load: collection
	@[ "$$(cat build/awx/complete 2>/dev/null)" = '$(AWX)' ] || { rm -rf build/awx && mkdir -p build/awx && cd build/awx \
	  && echo '$(AWX)' >requirements.txt && $(root)/$(python) -m pip download -q --no-deps --require-hashes -r requirements.txt \
	  && $(root)/$(python) -c 'import sys, zipfile as z; f = z.ZipFile(sys.argv[1]); \
	    f.extractall(members=[n for n in f.namelist() if n.startswith("ansible_collections/awx/")])' ansible-*.whl \
	  && rm ansible-*.whl && echo '$(AWX)' >complete; }
	@AWX_COLLECTION=$(root)/$(awx_folder) $(python) -m pytest -q -rs -p no:cacheprovider tests/integration/test_awx_load.py \
	  tests/unit/packaging/test_awx.py $(ARGS)

# The installation of execution-environment.yml without a container, a wave under ansible-runner, and slices at once.
.PHONY: runner
runner: collection rootfs
	@$(python) -m pytest -q -rs -p no:cacheprovider tests/integration/test_runner.py $(ARGS)

# A tag or a commit of the earlier version: make upgrade FROM=v0.1.0.
.PHONY: upgrade
upgrade: collection
	@UPGRADE_FROM=$(FROM) $(python) -m pytest -q -rs -p no:cacheprovider tests/integration/test_upgrade.py $(ARGS)

# The software bill of materials of the artifact, beside it in build/dist.
.PHONY: sbom release-trial
sbom: collection
	@tools/sbom.sh

# A signature of the artifact by a key of this run: ansible-galaxy accepts it, and no other.
release-trial: collection
	@$(gate) release-trial $(python) tools/release_trial.py

# The RAM policies of docs/policies, from the calls that each job makes against the local cloud.
.PHONY: policies
policies: collection
	@WRITE_POLICIES=1 $(python) -m pytest -q -p no:cacheprovider tests/integration/test_policies.py -k passes

environments: collection core importer docs-tools rootfs
checks: sanity-newest ruff mypy ansible-lint changelog
# The longest one first: it has one of the two cores while the others take turns on the other.
checks-core: pytest-core sanity-core ansible-lint-core
checks-oldest: checks-core galaxy docs molecule

# Writes the bytecode of all tests, which every worker of pytest would otherwise compile for itself. The workers report what fails.
.PHONY: bytecode
bytecode: collection
	@$(python) -m pytest -qq --collect-only >/dev/null || :

# Each Python is tried with one ansible-core of .ci/run; "make sanity" tries all of them with both.
# The checks use the processor while tests wait. pytest's closing line is the last one printed.
test:
	@$(MAKE) --no-print-directory -j2 bytecode rootfs
	@tools/about.sh .venv
	@PYTHONS='12 13 14' tools/beside.sh checks $(python) $(pytest) -n 4 --durations=20 -m 'not long and not oldest_core'

test-oldest:
	@$(MAKE) --no-print-directory -j3 CORE=$(OLDEST) environments
	@tools/about.sh .venv-$(OLDEST) .venv-importer
	@PYTHONS='10 11' $(MAKE) --no-print-directory -j2 --keep-going CORE=$(OLDEST) checks-oldest

test-core:
	@$(MAKE) --no-print-directory -j3 collection core rootfs
	@tools/about.sh .venv-$(CORE)
	@$(MAKE) --no-print-directory -j2 --keep-going checks-core

test-next:
	@$(MAKE) --no-print-directory CORE=$(NEXT) test-core

test-long: collection rootfs
	@$(python) $(pytest) -n 3 --durations=20 -m 'long or oldest_core' $(TESTS) $(ARGS)

# The HTML reports in Chromium, with axe-core from the package registry: npm compares it with its published digest.
AXE := 4.14.1
.PHONY: report-check
report-check: collection
	@command -v npm >/dev/null || { echo 'report-check: npm is not installed; it is needed once, to get axe-core $(AXE)' >&2; exit 1; }
	@[ "$$(cat build/axe/version 2>/dev/null)" = $(AXE) ] || { rm -rf build/axe && mkdir -p build/axe && cd build/axe \
	  && npm pack --silent axe-core@$(AXE) >/dev/null && tar xzf axe-core-$(AXE).tgz package/axe.min.js && echo $(AXE) >version; }
	@$(python) -m pytest tests/integration/test_report_browser.py $(ARGS)

# A wave under every fault of the catalogue, and a table of the results.
.PHONY: scenarios
scenarios: collection
	@$(python) -m pytest -q -p no:cacheprovider tests/survival $(ARGS)
	@cat build/scenarios.md

# A canary and a wave of three servers, without and with the contract, under each way in which ENS may import.
.PHONY: canary-variants
canary-variants: collection
	@rm -rf build/canary-variants
	@$(python) -m pytest -q -p no:cacheprovider tests/integration/test_canary_variants.py $(ARGS)
	@printf '%-38s %-8s %-30s %-24s %s\n' 'ENS' canary 'wave without contract' 'wave with contract' 'the canary finds'
	@cat build/canary-variants/*

.PHONY: clean
clean:
	@tools/clean.sh
