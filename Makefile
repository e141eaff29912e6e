# make demo     the main job, end to end, on this machine alone: four servers over SSH become ENS images in a local cloud
# make test     every check, its own set-up included; the last lines are pytest's
# Every target sets up what it needs and may be repeated, interrupted, or run twice at once. Everything lands in build and .venv*.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

root := $(CURDIR)
python := .venv/bin/python
oldest := .venv-2.16/bin/python
gate := tools/gate.sh
tree := build/tree/ansible_collections/edgelift/ens_migration

# Real folders of the clone before everything else; no file of the user's own Ansible is read or written.
export ANSIBLE_CONFIG := $(root)/ansible.cfg
export ANSIBLE_HOME := $(root)/build/ansible
export ANSIBLE_COLLECTIONS_PATH := $(root)/build/collections
export PYTHONPATH := $(root):$(root)/tests:$(root)/build/collections
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport VIRTUAL_ENV PYTHONHOME ANSIBLE_COLLECTIONS_PATHS ANSIBLE_INVENTORY
# A socket's name has room for 107 characters, of which ssh's own ending takes about 40.
ifneq ($(shell printf %s '$(root)/build/ansible/cp' | wc -c | awk '$$1 > 65'),)
export ANSIBLE_SSH_ARGS := -C -o ControlMaster=no -o ControlPersist=no
endif

.PHONY: help
help:
	@printf '%s\n' \
	  'make demo         four servers over SSH become ENS images in the local cloud (KEEP=1 keeps disks and images in build/demo)' \
	  'make test         every check below, on the oldest and the newest ansible-core' \
	  'make setup        virtual environments, system packages, collection' \
	  'make lint         ruff, mypy, ansible-lint, changelog' \
	  'make sanity       ansible-test sanity, newest and oldest' \
	  'make galaxy       the artifact, looked at by galaxy-importer' \
	  'make unit         unit tests (TESTS="file ..." runs these files only, ARGS="-k name" goes to pytest)' \
	  'make integration  integration tests (TESTS and ARGS too)' \
	  'make conformance the vendor'"'"'s own tests and models against the local cloud (three minutes)' \
	  'make scenarios    a wave of two servers under every fault of the catalogue (five to ten minutes)' \
	  'make molecule     the scenario "default" on real SSH hosts' \
	  'make collection   build/dist and build/collections from the sources' \
	  'make bench-jobs   what a thousand replication jobs cost a request of the local cloud (half a minute)' \
	  'make bench        requests per second, start-up and the cost of a mostly empty disk of the local cloud (half a minute)' \
	  'make bench-probe  200 hosts over SSH looked at by source_probe and by ansible.builtin.setup (ten minutes)' \
  'make distros      ask the systems of tests/distros/manifest.yml with the probe again, as root (about half an hour)' \
  'make clean        remove everything that make made, hosts and processes first'

# ---- set-up: quick where all is there ----
.PHONY: setup venv system collection oldest importer
setup: collection

system:
	@tools/system.sh

venv: system
	@tools/venv.sh newest

collection: venv
	@$(python) tools/collection.py

# Exit 3: no Python for it on this machine; that was said, and the gates that want it leave it out.
oldest: system
	@tools/venv.sh oldest || [ $$? = 3 ]

importer: system
	@tools/venv.sh importer || [ $$? = 3 ]

# ---- use ----
.PHONY: demo
demo: collection
	@$(python) -m testbed.demo $(if $(filter-out 0 no false,$(KEEP)),--keep)

# Exit 1 below 500 requests per second or above one second to start; JSON=1 prints one object.
.PHONY: bench
bench: collection
	@$(python) benchmarks/sandbox_rps.py $(if $(filter-out 0 no false,$(JSON)),--json)

# A request over 1000 jobs against one over none, and the index of due rows against a walk over all (half a minute).
.PHONY: bench-jobs
bench-jobs: collection
	@$(python) benchmarks/sandbox_jobs.py

# Exit 1 when 200 hosts take longer than 60 seconds; ARGS="--rounds 1 --forks 25" and the like.
.PHONY: bench-probe
bench-probe: collection
	@$(python) benchmarks/probe_fleet.py $(ARGS)

# Root file systems and QEMU guests without hardware acceleration: NAMES="debian-12-full busybox-only" makes some of them.
.PHONY: distros
distros: collection
	@$(python) -m distros $(NAMES)

# ---- gates: one line each, or the whole log of the one that failed ----
.PHONY: lint ruff mypy ansible-lint ansible-lint-oldest changelog sanity sanity-newest sanity-oldest galaxy molecule
lint: ruff mypy ansible-lint changelog
sanity: sanity-newest sanity-oldest

ruff: venv
	@$(gate) ruff $(python) -m ruff check --no-cache .

mypy: collection
	@$(gate) mypy env MYPYPATH=build/tree:tests $(python) -m mypy -p ansible_collections.edgelift.ens_migration.plugins -p sandbox -p testbed -p distros

ansible-lint: collection
	@$(gate) ansible-lint env -C $(tree) NO_COLOR=1 PATH=$(root)/.venv/bin:$$PATH ansible-lint --offline --strict

ansible-lint-oldest: collection oldest
	@if [ -e .venv-2.16/complete ]; then \
	  $(gate) ansible-lint-2.16 env -C $(tree) NO_COLOR=1 PATH=$(root)/.venv-2.16/bin:$$PATH ansible-lint --offline --strict; fi

changelog: venv
	@$(gate) changelog $(python) -m antsibull_changelog lint

sanity-newest: collection
	@$(gate) sanity tools/sanity.sh .venv

sanity-oldest: collection oldest
	@if [ -e .venv-2.16/complete ]; then $(gate) sanity-2.16 tools/sanity.sh .venv-2.16; fi

galaxy: collection importer
	@if [ -e .venv-importer/complete ]; then $(gate) galaxy-importer tools/importer.sh; fi

molecule: collection
	@$(gate) molecule tools/molecule.sh

# ---- tests ----
# Integration tests that run no Ansible, or what of it others run too: they need no second ansible-core, and neither do
# those of the other files that are marked any_core.
once := $(notdir $(wildcard tests/integration/test_sandbox_*.py tests/integration/test_scenarios*.py)) test_client_bundle.py test_demo.py \
  test_source_agent_life.py test_source_odd_hosts.py test_source_remediation.py test_testbed.py test_transport.py test_wave_bad_input.py \
  test_wave_cleanup.py test_wave_lost_answers.py test_wave_module.py

.PHONY: unit integration pytest-oldest test gates environments
unit: collection
	@$(python) -m pytest $(or $(TESTS),tests/unit) $(ARGS)

integration: collection
	@$(python) -m pytest $(or $(TESTS),tests/integration) $(ARGS)

pytest-oldest: collection oldest
	@if [ -e .venv-2.16/complete ]; then \
	  $(gate) pytest-2.16 $(oldest) -m pytest -n 2 --dist worksteal -m 'not any_core' -o cache_dir=build/pytest-2.16 $(addprefix --ignore=tests/integration/,$(once)) --ignore=tests/unit/sandbox --ignore=tests/unit/sandbox_bytes; fi

# Every answer of a test session is held against the response models of the vendor's alibabacloud packages (tests/support/answers.py);
# here the session that has an answer of every action, and of every operation of OSS, in the shortest time.
.PHONY: conformance conformance-models conformance-oss
conformance: conformance-models conformance-oss

conformance-models: collection
	@ANSWERS=all $(python) -m pytest -q tests/unit/sandbox tests/integration/test_sandbox_acs3.py tests/integration/test_sandbox_rpc.py \
	  $(wildcard tests/integration/test_sandbox_oss*.py)
	@$(python) -m support.documented_codes

# oss2's functional tests, from its sdist, under V1 and V4 side by side; PIN=1 writes the lists of those that pass.
conformance-oss: collection
	@$(python) -m conformance.vendor build/conformance $(if $(filter-out 0 no false,$(PIN)),--pin)

environments: collection oldest importer
# The longest one first, so that it has one of the two cores to itself while the others take turns on the other.
gates: pytest-oldest sanity-newest sanity-oldest ruff mypy ansible-lint ansible-lint-oldest changelog galaxy molecule

# Gates first, two at a time; pytest on the newest ansible-core comes last, so that its closing line is the last one printed.
test:
	@$(MAKE) --no-print-directory -j3 environments
	@tools/about.sh
	@$(MAKE) --no-print-directory -j2 --keep-going gates
	@$(python) -m pytest -n 3 --dist worksteal

# A wave under every fault of the catalogue, five to ten minutes, and the table of what became of it.
.PHONY: scenarios
scenarios: collection
	@$(python) -m pytest -q -p no:cacheprovider tests/survival $(ARGS)
	@cat build/scenarios.md

.PHONY: clean
clean:
	@tools/clean.sh
