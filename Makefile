# make help lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Every target is an action; folders such as e2e must not count as its result.
.PHONY: help run test race e2e chaos chaos-short chaos-worker bench fuzz lint format generate tidy build images \
	rehearse artifacts release-images clean

PACKAGES := ./shared/... ./schedule/... ./worker/... ./tools/... ./e2e/...
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LINTER   := .bin/golangci-lint
ACTIONS  := .bin/actionlint

# The version of a module, as in $(call version,worker): VERSION, or what its
# own tags say of the commit, without the module's name.
version = $(or $(VERSION),$(patsubst $(1)/%,%,$(shell git describe --tags --match '$(1)/v*' --always --dirty 2>/dev/null || echo unknown)))

# Who may import whom, what workflows may do, and which log lines are documented.
# Never cached: what they look at is outside their module, where the go command sees
# no change.
IMPORTS := go test -count=1 ./tools/internal/imports ./tools/internal/workflows ./tools/internal/logs

# What is under deploy/, against the types that read it; apart from the
# workspace: see tools/manifests/go.mod. Never cached, for the same reason.
MANIFESTS := GOWORK=off go -C tools/manifests test -count=1 ./...

# Arguments of the targets that take some.
ARGS      ?=
MOD       ?= all
V         ?=
BENCHTIME ?= 1s
FUZZTIME  ?= 20s

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

run: ## Start NATS, a scheduler, a worker and a demo in one process (ARGS="-h" lists flags)
	@mkdir -p .bin
	go build -o .bin/standalone ./tools/cmd/standalone
	@exec .bin/standalone $(ARGS)

test: ## Unit, adapter and import-rule tests of all modules; needs Go only
	go test $(ARGS) $(PACKAGES)
	@$(IMPORTS)
	@$(MANIFESTS)
	@echo "e2e was not run: it needs Docker; run it with: make e2e"

race: ## The same tests under the race detector
	go test -race -p 2 $(ARGS) $(PACKAGES)
	@echo "e2e was not run: it needs Docker; run it with: make e2e"

# What scenarios wait for is not this machine: more than two may run at once.
ARTIFACTS ?= $(CURDIR)/.out

e2e: ## Tests in containers; fails where there is no Docker (ARTIFACTS=.out E2E_NATS_IMAGE= E2E_PREVIOUS=)
	@docker version >/dev/null || { echo "e2e: no Docker engine answers; start one first" >&2; exit 1; }
	@mkdir -p $(ARTIFACTS)
	go test -tags e2e -count=1 -timeout 20m -parallel 3 -v -artifacts -outputdir $(abspath $(ARTIFACTS)) $(ARGS) ./e2e/container

# SEED repeats the harm of a run that printed it.
DURATION ?= 290s
CHAOS    := go run ./e2e/chaos $(if $(SEED),-seed $(SEED))
CHAOS_WORKER := go run ./e2e/chaos-worker $(if $(SEED),-seed $(SEED))

chaos: ## Kill and stall schedulers and servers at random, then account for every occurrence (DURATION=290s SEED=)
	$(CHAOS) -duration $(DURATION) -outages 1 -peace 5
	$(CHAOS) -duration 60s -servers 1

chaos-worker: ## Kill and stall workers and servers under load, then account for every trigger (DURATION=290s SEED=)
	$(CHAOS_WORKER) -duration $(DURATION)
	$(CHAOS_WORKER) -duration 60s -servers 1

chaos-short: ## Both for half a minute or less each, with three servers and with one
	$(CHAOS) -duration 30s
	$(CHAOS) -duration 20s -servers 1
	$(CHAOS_WORKER) -duration 20s
	$(CHAOS_WORKER) -duration 10s -servers 1 -burst 100

bench: ## All benchmarks (BENCHTIME=1s)
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(ARGS) $(PACKAGES)

fuzz: ## Each fuzz target for a while (FUZZTIME=20s)
	tools/fuzz.sh $(FUZZTIME)

lint: $(LINTER) $(ACTIONS) ## Linters, vet, import rules, workflows and CHANGELOGs
	$(LINTER) run $(PACKAGES)
	cd tools/manifests && GOWORK=off ../../$(LINTER) run -c ../../.golangci.yml ./...
	$(IMPORTS)
	$(ACTIONS) -shellcheck= -pyflakes=
	go run ./tools/cmd/release changelogs

format: $(LINTER) ## Format all Go files
	$(LINTER) fmt

# The linter is compiled apart from the workspace: see tools/lint/go.mod.
$(LINTER): tools/lint/go.mod tools/lint/go.sum
	GOWORK=off go -C tools/lint build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(ACTIONS): tools/actionlint/go.mod tools/actionlint/go.sum
	GOWORK=off go -C tools/actionlint build -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint
	@touch $@

generate: ## Write wire_gen.go, mocks and the operator's copy of the alerts anew
	cd schedule && go tool wire ./... && go generate -skip google/wire ./...
	cd worker && go tool wire ./... && go generate -skip google/wire ./...
	@{ printf '%s\n' '# Made by make generate from deploy/prometheus/rules.yml.' 'apiVersion: monitoring.coreos.com/v1' \
		'kind: PrometheusRule' 'metadata:' '  name: workflow' 'spec:'; \
		sed '/^#/d; s/^./  &/' deploy/prometheus/rules.yml; } >deploy/kubernetes/components/monitoring/prometheusrule.yml

tidy: ## go mod tidy in every module (ARGS=--check only looks)
	tools/tidy.sh $(ARGS)

# What is in tools belongs to no released module and goes with the scheduler.
build: ## Static programs in .bin, with the licences that images hold
	mkdir -p .bin
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(call version,schedule)' -o .bin/ \
		./schedule/cmd/... ./tools/cmd/...
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(call version,worker)' -o .bin/ ./worker/cmd/...
	cp LICENSE .bin/
	GOOS= GOARCH= go run ./tools/cmd/release licences .bin/schedule .bin/worker

# A recipe line for one image.
define image
docker build -f deploy/$(1)/Dockerfile --build-arg VERSION=$(call version,$(1)) --build-arg REVISION=$(REVISION) \
	-t weplanx/$(1):$(call version,$(1)) .bin
endef

images: build ## Container images of scheduler and worker, tagged weplanx/…:VERSION
	$(call image,schedule)
	$(call image,worker)

rehearse: ## Release in a temporary folder, install from there and use it (MOD=all V=)
	go run ./tools/cmd/release rehearse $(ARGS) $(MOD)$(addprefix @,$(V))

artifacts: ## Archives, bills of materials and checksums in .out/release (MOD=all V=)
	go run ./tools/cmd/release build $(ARGS) $(MOD)$(addprefix @,$(V))

release-images: ## Images of those archives for all platforms in .out/images, as OCI layouts (MOD=schedule V=v0.1.0)
	go run ./tools/cmd/release images -revision $(REVISION) $(ARGS) $(MOD)$(addprefix @,$(V))

clean: ## Remove what build, lint and e2e made
	rm -rf .bin .out
