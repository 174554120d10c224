# The lab: a whole cluster on this computer. Needs root. STACK names it, default "lab".
HOST ?=
LAB_TESTS = $(NODE) node_modules/mocha/bin/mocha.js --config .mocharc.lab.json

.PHONY: up down status ssh kubeconfig lab-test lab-test-full

up: $(STAMP) ## machines and cluster of a lab: make up, or make up STACK=mine
	@bin/quorum lab up --stack $(STACK)

down: $(STAMP) ## remove a lab and everything that was made for it
	@bin/quorum lab down --stack $(STACK)

status: $(STAMP) ## machines, nodes and etcd members of a lab
	@bin/quorum lab status --stack $(STACK)

ssh: $(STAMP) ## shell on a machine: make ssh HOST=control-plane-a
	@test -n "$(HOST)" || { echo "name a machine: make ssh HOST=… (make status lists them)" >&2; exit 2; }
	@bin/quorum lab ssh --stack $(STACK) $(HOST)

kubeconfig: $(STAMP) ## write the kubeconfig of a lab and print where it is
	@bin/quorum lab kubeconfig --stack $(STACK)

lab-test: $(STAMP) ## the promises on real machines, the quick ones: minutes, root
	@$(LAB_TESTS) 'tests/lab/!(teardown).test.ts' tests/lab/teardown.test.ts

lab-test-full: $(STAMP) ## every fault on real machines: an hour or more, root
	@QUORUM_LAB_FULL=1 $(LAB_TESTS) 'tests/lab/**/!(teardown).test.ts' tests/lab/teardown.test.ts

.PHONY: bench-lab bench-node-loss
ARGS ?=
bench-lab: $(STAMP) ## failovers and planned work on a lab of its own, against their goals: 2 to 3 hours, root; goes on after a stop
	@$(NODE) bench/lab.ts $(ARGS)

RUNS ?= 10
bench-node-loss: $(STAMP) ## from a lost node to its pods elsewhere, RUNS times (10): 2 min each, root
	@$(NODE) bench/lab.ts --only "node lost" --runs $(RUNS)
