# Proof, picture and policy of a stack. STACK names it, default "lab".
BASE ?= main

.PHONY: proof diagram policy pr-comment bench-proof

proof: $(STAMP) ## which failures the planned cluster survives: make proof STACK=prod
	@bin/quorum proof --stack $(STACK)

diagram: $(STAMP) ## picture of the topology, as .cache/STACK.svg
	@mkdir -p .cache
	@bin/quorum diagram --stack $(STACK) --output .cache/$(STACK).svg
	@echo "wrote .cache/$(STACK).svg"

policy: $(STAMP) ## rules that every stack keeps: make policy STACK=prod
	@bin/quorum policy --stack $(STACK)

pr-comment: $(STAMP) ## the comment that a pull request gets: make pr-comment BASE=main
	@scripts/pr-comment.sh $(BASE) $(STACKS)

bench-proof: $(STAMP) ## how long the proof takes on up to 10,000 resources
	@$(NODE) bench/proof.ts
