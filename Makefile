# make demo and make test are all a newcomer needs; both install what they need.

GO      ?= go
BIN     := bin/authwright
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
LDFLAGS := -s -w -X main.version=$(VERSION)
LISTEN  ?= 127.0.0.1:8080
DATA    ?= demo-data

.PHONY: all demo build test test-go test-node test-python test-mutations test-blackbox check generate bench fuzz mutate deps clean

all: build

build: ## the one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/authwright

demo: build ## an authorization server and two protected MCP servers on this machine
	$(BIN) demo --listen $(LISTEN) --data $(DATA)

deps: ## what the tests need: PostgreSQL, Chromium, Node packages
	.ci/deps

test: deps build test-go test-node test-python test-mutations test-blackbox ## everything

test-go:
	$(GO) vet ./...
	AUTHWRIGHT_REQUIRE_POSTGRES=1 $(GO) test -race -timeout 15m ./...

test-node: ## @authwright/node
	web/node/run

test-python:
	python/test

test-mutations: ## the vectors notice when a check is missing: one check of each language
	$(GO) run ./conformance/mutate -quick

test-blackbox:
	AUTHWRIGHT_BIN=$(CURDIR)/$(BIN) conformance/run

check: ## formatting and lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	golangci-lint run ./...

generate: ## what is made from the code
	$(GO) generate ./conformance/vectors
	$(GO) test -run TestTheRFCIndexIsTrue . -update
	$(GO) test -run TestTheKindsOfEventsAreDocumented ./internal/store -update

bench: build ## figures of this machine; see bench/README.md
	bench/run $(CURDIR)/$(BIN)

fuzz: ## each fuzz target for a while; with AUTHWRIGHT_FUZZ inputs for those of TypeScript and Python
	.ci/fuzz $(or $(FUZZTIME),20s)

mutate: ## the same for every check, some minutes long; after make test-node test-python
	$(GO) run ./conformance/mutate

clean:
	rm -rf bin demo-data conformance/node_modules conformance/own-parts/node_modules examples/*/node_modules web/node/node_modules web/node/build web/node/dist
