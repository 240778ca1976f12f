# Everything runs in .venv, from any directory: `make -f PATH/Makefile run` works too, also with spaces in PATH.
HERE := $(shell dirname "$(strip $(MAKEFILE_LIST))")
IN = cd "$(HERE)" &&
TASK ?= lift_banana
PROFILE ?= quick
# `make repro` is about the committed profile, unless another is asked for.
REPRO_PROFILE = $(if $(filter file default undefined,$(origin PROFILE)),cpu,$(PROFILE))

.PHONY: help setup run student trial test lint repro clean
.DEFAULT_GOAL := help

help:
	@echo "make run    set up, then $(TASK) from nothing to an evaluated expert in the $(PROFILE) profile"
	@echo "make student after make run: a student of $(TASK) that sees point clouds, taught and evaluated ($(PROFILE) profile)"
	@echo "make trial  set up, then two emulated trials of the released student of $(TASK), through a robot's real clients"
	@echo "make test   set up, then the linters, the type checker and the tests"
	@echo "make setup  only the environment, .venv, with all tools"
	@echo "make repro  set up, then bring every artifact of dvc.yaml up to date (the cpu profile, or PROFILE=NAME)"
	@echo "make clean  remove the environment and caches; data, runs and reports stay"
	@echo
	@echo "Options: TASK=$(TASK) PROFILE=$(PROFILE) PYTHON=/path/to/python3.11 NO_APT=1 PYTEST_ARGS='-k name'"
	@echo "Without an NVIDIA GPU the download is smaller by gigabytes with"
	@echo "  PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make run"

setup:
	@$(IN) scripts/setup.sh dev

run:
	@$(IN) scripts/setup.sh run
	@$(IN) .venv/bin/python -m expertgen --profile "$(PROFILE)" run "$(TASK)"

student:
	@$(IN) scripts/setup.sh run
	@$(IN) for stage in distill gate_distill student; do .venv/bin/python -m expertgen --profile "$(PROFILE)" $$stage "$(TASK)" || exit; done

trial:
	@$(IN) scripts/setup.sh trial
	@$(IN) [ -d "data/$(TASK)/student" ] || .venv/bin/python -m dvc pull "distill@$(TASK)"
	@$(IN) .venv/bin/python -m expertgen robot demo "$(TASK)"

lint:
	@$(IN) scripts/setup.sh dev
	@$(IN) .venv/bin/python -m ruff check .
	@$(IN) .venv/bin/lint-imports
	@$(IN) .venv/bin/python -m mypy

# OMP_NUM_THREADS: the tests' networks are tiny, and the workers already use the cores.
test: lint
	@$(IN) OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

repro:
	@$(IN) scripts/setup.sh dev
	@$(IN) export PATH="$$PWD/.venv/bin:$$PATH" PYTHONPATH="$$PWD" && \
	  folder=$$(python -m tasks.profile_project $(REPRO_PROFILE)) && cd "$$folder" && \
	  python -m tasks.mend_dvc && dvc --wait-for-lock repro

clean:
	@$(IN) rm -rf .venv .venv.lock build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@$(IN) find . -name __pycache__ -type d -prune -exec rm -rf {} +
