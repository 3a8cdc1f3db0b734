FUZZTIME ?= 30s
VERSION  ?=

# The versions of Vault that test-servers uses besides the one of test: directories of scripts/vault.
SERVERS ?= 1.16

# Every package except the end-to-end tests, which need a Vault.
UNIT = $$(go list ./... | grep -vE '/scripts/(e2e|cluster|load)$$')

# The variable that has the version which the programs report, with VERSION=v1.2.3.
NUMBER = vault-plugin-secrets-paxos/backend/version.Number

# The packages that scripts/tools/structure measures, and the files that it leaves out, because they have
# the central struct of a package.
STRUCTURED = ./backend/... ./cmd/... ./scripts/...
CENTRAL    = backend/backend.go,broker/broker.go,paxostest/server.go,demo/story.go

# The page of error texts, and the packages whose texts callers get.
TEXTS = docs/errors.md ./backend/... ./cmd/paxos-proxy

# The demo is built and then run, because `go run` would get the signals instead of the demo.
DEMO = vault=$$(scripts/vault/build.sh) && go build -o bin/demo ./scripts/demo && VAULT_BIN=$$vault exec bin/demo

.DEFAULT_GOAL := help
.PHONY: help build dist demo dev test test-servers test-docs test-clients test-dist test-cluster test-load bench \
	docs check errors fuzz clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s  %s\n", $$1, $$2 }'

build: ## build the plugin, paxos-sandbox, paxos-report and paxos-proxy into bin/
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w $(if $(VERSION),-X $(NUMBER)=$(VERSION))' \
		-o bin/ ./cmd/...

# VERSION is the tag of the commit if it is not set. IMAGE is the name of the published image. SIGN_KEY is the
# path of a key, with which the checksums are signed.
dist: ## build a release into dist/: VERSION=v0.1.0 SIGN_KEY=path IMAGE=name
	@go -C scripts/release build -buildvcs=false -o $(CURDIR)/bin/release .
	@bin/release $(if $(VERSION),-version=$(VERSION)) $(if $(IMAGE),-image=$(IMAGE)) $(if $(PLATFORMS),-platforms=$(PLATFORMS))
	@$(if $(SIGN_KEY),scripts/release/sign.sh '$(SIGN_KEY)' dist)

# It uses Paxos itself if PAXOS_CLIENT_ID, PAXOS_CLIENT_SECRET and PAXOS_ENVIRONMENT are set.
demo: ## run the guided demo (15 to 30 seconds; the first run builds Vault, about 10 minutes)
	@$(DEMO)

dev: ## start a Vault with the engine and the stand-in Paxos, and print how to connect them
	@$(DEMO) -keep

test: ## run the unit tests with the race detector, then the end-to-end tests on a real Vault (8 minutes)
	@go -C scripts/tools test ./...
	@scripts/test.sh -shuffle=on -timeout=25m $(UNIT)
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 go test -count=1 -shuffle=on -timeout=8m ./scripts/e2e

test-servers: ## run the end-to-end tests on the oldest supported Vault, 1.16.3 (2 minutes; the first run builds it)
	@for server in $(SERVERS); do \
		vault=$$(scripts/vault/build.sh $$server) || exit 1; \
		echo "end-to-end tests on $$($$vault version)"; \
		VAULT_BIN=$$vault CGO_ENABLED=0 go test -count=1 -shuffle=on -timeout=8m ./scripts/e2e || exit 1; \
	done

test-docs: ## run README.md and docs; PAGES=docs/signing.md runs one page, UPDATE=1 rewrites its answers (3 minutes)
	@vault=$$(scripts/vault/build.sh) && go build -o bin/docs ./scripts/docs && VAULT_BIN=$$vault exec bin/docs $(if $(UPDATE),-update) $(PAGES)

test-clients: ## run the tests with clients and tools of others, such as hvac and Prometheus (5 minutes)
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 exec scripts/clients/test.sh

test-dist: ## run the tests of releases and of scripts/module-path.sh (3 minutes; needs minisign, skopeo and umoci)
	@go -C scripts/release test -count=1 -timeout=20m ./...

test-cluster: ## run the tests on three Vaults: failover, 2,000 leases, Paxos down, daily limits (5 minutes)
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 go test -v -count=1 -shuffle=on -timeout=8m ./scripts/cluster

test-load: ## run the tests with Paxos's real limits: rotations, client pools, 20,000 payments (8 minutes)
	@vault=$$(scripts/vault/build.sh) && VAULT_BIN=$$vault CGO_ENABLED=0 go test -v -count=1 -shuffle=on -parallel=4 -timeout=10m ./scripts/load

bench: ## compare reads with a plugin that does nothing; BENCH=-signatures, BENCH=-proxy, BENCH=-help (4 minutes)
	@vault=$$(scripts/vault/build.sh) && go build -o bin/bench ./scripts/bench && VAULT_BIN=$$vault exec bin/bench $(BENCH)

docs: ## write the generated part of docs/api: a page for each path, from what `vault path-help` says
	@go run ./scripts/docs/api

# The wording check has its list of marks in scripts/tools/wording/marks.txt, each with what to write instead.
# README.md (-page) is held to 150 lines, 100 columns, and 80 in a cell of a table.
check: ## run golangci-lint, shellcheck and markdownlint; check structure, line length, wording and examples
	@scripts/lint.sh
	@go -C scripts/tools build -o $(CURDIR)/bin/ ./structure ./columns ./wording ./errortexts ./examples
	bin/structure -arrows=6 -circle=4 -hidden=40 -except=$(CENTRAL) $(STRUCTURED)
	bin/columns -page README.md .
	bin/wording -except scripts/tools/wording .
	bin/errortexts $(TEXTS)
	bin/examples

errors: ## write the error texts that docs/errors.md does not explain into its end
	@go -C scripts/tools build -o $(CURDIR)/bin/ ./errortexts
	bin/errortexts -update $(TEXTS)

fuzz: ## fuzz each target for FUZZTIME (default 30s)
	@for package in $(UNIT); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			(set -x; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package) || exit 1; \
		done; \
	done

clean: ## remove bin/ and dist/
	rm -rf bin dist dist.new
