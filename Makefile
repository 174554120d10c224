# Every target does its own set-up: the pinned Node and all packages come by `npm ci` into node_modules.
SHELL := /bin/sh
.DEFAULT_GOAL := help
STACK ?= lab
NODE := node_modules/.bin/node
# npm's own note of what it installed.
STAMP := node_modules/.package-lock.json

.PHONY: help preview test checkers check format bench

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

$(STAMP): package.json package-lock.json
	@bin/install

preview: $(STAMP) ## show what `up` would create: make preview STACK=prod
	@bin/quorum preview --stack $(STACK)

test: check checkers ## types, lint and the fast suite: minutes, no root, no cloud
	@$(NODE) node_modules/mocha/bin/mocha.js

checkers: ## install what checks machine files and pages for real (root, Debian), or say what is missing
	@bin/install-checkers

check: $(STAMP) ## types and lint
	@$(NODE) node_modules/typescript/bin/tsc
	@$(NODE) node_modules/@biomejs/biome/bin/biome check .

format: $(STAMP) ## rewrite files in the house format
	@$(NODE) node_modules/@biomejs/biome/bin/biome check --write .

bench: $(STAMP) ## preview speed, cold and warm, with peak memory
	@$(NODE) bench/preview.ts

-include lab/lab.mk proof/proof.mk
