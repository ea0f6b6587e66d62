# 引据 yinju. `make` alone prints this help.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
# Comparing codes counts bits: two and a half times as fast where the compiler may take for granted that the processor
# counts them, as all of amd64 since 2009 do. Without it the processor is asked each time.
export GOAMD64 ?= v2
LINT = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# make demo CORPUS=folder Q="question": one's own texts and question.
CORPUS ?= examples/corpus
Q ?=
# As they were typed: make would expand a $ in them, and a shell a quotation mark.
override CORPUS := $(value CORPUS)
override Q := $(value Q)
export CORPUS Q

.PHONY: help parts build demo eval test test-deploy test-api test-clients test-page race soak crash lint fmt bench bench-http clean

help: ## print this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

build: ## build the program ./yinju
	$(GO) build -trimpath -o yinju .

parts: build ## fetch the pinned parts (Postgres, ONNX Runtime, model, dictionary) into the user's cache; nothing to do when they are there
	./yinju parts

demo: parts ## ingest examples/corpus and ask three questions; or CORPUS=folder Q="question"
	@deploy/demo.sh

eval: parts ## measure answers on the questions of examples/ and hold them to examples/floors.txt
	@deploy/eval.sh

test: ## run all tests on the real Postgres and the real model
	$(GO) test -timeout 20m ./...

test-api: parts ## let schemathesis try the HTTP API, as /openapi.json describes it, for about a minute (SEED=n: the same requests again)
	@deploy/api/test.sh

test-deploy: ## have Docker Compose and systemd read deploy/ (needs both, no engine)
	@deploy/verify.sh

test-page: parts ## test the page in a headless Chromium (needs node, npm, chromium)
	@bot/web/pagetest/run.sh

race: ## run all tests with the race detector
	$(GO) test -race -timeout 40m ./...

test-clients: parts ## try the endpoints for other programs with the official clients of OpenAI (Python, Node) and MCP (Python)
	@deploy/clients/run.sh

soak: ## give the Telegram front end 10,000 updates with faults, and kill it some hundred times
	YINJU_SOAK=10000 $(GO) test -timeout 60m -run 'Soak|Killed' -v ./bot/telegram

crash: ## kill the ingesting program a hundred times and its Postgres twenty times, and compare with an undisturbed run
	YINJU_CRASHES=1 $(GO) test -timeout 40m -run AKilled -v .

lint: ## check the linter's settings and run it, and check formatting and go.mod
	$(LINT) config verify
	$(LINT) run ./...
	$(GO) mod tidy -diff

fmt: ## format the code
	$(LINT) fmt ./...

bench: ## measure: ingest against ONNX Runtime alone, asking against embedding alone, cutting in MB a second
	$(GO) test -run '^$$' -bench 'Share|Over|Cut' -benchtime 1x -timeout 30m . ./ingest

bench-http: ## measure: 64 askers for a minute over HTTP against embedding alone
	$(GO) test -run '^$$' -bench Askers -benchtime 1x -timeout 30m .

clean: ## remove what the build made (the fetched parts and all data stay)
	rm -f yinju coverage.out
