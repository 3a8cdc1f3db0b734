FUZZTIME ?= 30s
VERSION  ?=

# Every package except the end-to-end tests, which need a Vault.
UNIT = $$(go list ./... | grep -vE '/scripts/(e2e|cluster|load)$$')

# go build as for a release; with VERSION=v1.2.3 the programs report that version.
BUILD = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w $(if $(VERSION),-X $(1)=$(VERSION))' -o bin/

# The packages that scripts/tools/structure measures, and the files with the central structs of packages,
# which it leaves out. ./backend and ./backend/broker do not keep the limits yet; when they do,
# ./backend/... replaces the four packages of backend.
STRUCTURED = ./backend/... ./cmd/... ./scripts/...
CENTRAL    = backend/backend.go,broker/broker.go,paxostest/server.go,demo/story.go

# The demo as a program of its own, so that it gets the signals, and not go run.
DEMO = vault=$$(scripts/vault/build.sh) && go build -o bin/demo ./scripts/demo && VAULT_BIN=$$vault exec bin/demo

.DEFAULT_GOAL := help
.PHONY: help build demo dev test test-docs test-cluster test-load bench docs check fuzz clean

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s  %s\n", $$1, $$2 }'

build: ## build the plugin, the stand-in Paxos, paxos-report and paxos-proxy into bin/
	$(call BUILD,vault-plugin-secrets-paxos/backend.Version) ./cmd/vault-plugin-secrets-paxos
	$(call BUILD,main.version) ./cmd/paxos-sandbox
	$(call BUILD,main.version) ./cmd/paxos-report
	$(call BUILD,main.version) ./cmd/paxos-proxy

demo: ## tell the story on a real Vault, step by step; on Paxos itself where PAXOS_CLIENT_ID, PAXOS_CLIENT_SECRET, PAXOS_ENVIRONMENT are set
	@$(DEMO)

dev: ## start a Vault with the plugin and the stand-in Paxos, and keep them until Ctrl-C
	@$(DEMO) -keep

test: ## run every test: units, the plugin boundary, fuzz seeds, then end to end on a real Vault
	@go -C scripts/tools test ./...
	@scripts/test.sh -shuffle=on -timeout=25m $(UNIT)
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 go test -count=1 -shuffle=on -timeout=8m ./scripts/e2e

test-docs: ## run every page of README.md and docs, each on a Vault of its own; PAGES=docs/signing.md runs one, UPDATE=1 rewrites console blocks
	@vault=$$(scripts/vault/build.sh) && go build -o bin/docs ./scripts/docs && VAULT_BIN=$$vault exec bin/docs $(if $(UPDATE),-update) $(PAGES)

test-cluster: ## run the tests that need a cluster of three Vaults: failover under load, 2,000 leases at once, Paxos down, the last payments of a day
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 go test -v -count=1 -shuffle=on -timeout=8m ./scripts/cluster

test-load: ## run the tests that Paxos's limits make long: 20 rotations under 50 readers, 200 entities after 50 clients, deletion, 20,000 payments
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 go test -v -count=1 -shuffle=on -parallel=4 -timeout=10m ./scripts/load

bench: ## compare reads with those from a plugin that does nothing, on a real Vault; BENCH='-clients=32 -rounds=100'; BENCH=-signatures measures signatures, BENCH=-proxy paxos-proxy
	@vault=$$(scripts/vault/build.sh) && go build -o bin/bench ./scripts/bench && VAULT_BIN=$$vault exec bin/bench $(BENCH)

docs: ## write the generated part of docs/api: a page for each path, from what `vault path-help` says
	@go run ./scripts/docs/api

check: ## check form: gofmt, go vet, staticcheck, how far files know each other, line length
	@unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "not as gofmt writes it:" $$unformatted; exit 1; }
	go vet ./...
	go tool -modfile=scripts/tools/go.mod staticcheck ./...
	go -C scripts/tools vet ./...
	go -C scripts/tools tool staticcheck ./...
	@go -C scripts/tools build -o $(CURDIR)/bin/ ./structure ./columns
	bin/structure -arrows=6 -circle=4 -hidden=40 -except=$(CENTRAL) $(STRUCTURED)
	bin/columns -most=0 .

fuzz: ## fuzz each target for FUZZTIME (30s)
	@for package in $(UNIT); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			(set -x; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package) || exit 1; \
		done; \
	done

clean: ## remove what was built
	rm -rf bin dist
