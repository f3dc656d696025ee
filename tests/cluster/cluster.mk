# A real Kubernetes cluster on this machine, for the tests: docs/testing.md.
PYTHON ?= .venv/bin/python
BED = $(PYTHON) -m tests.cluster.bed

.PHONY: cluster-deps cluster-up cluster-down cluster-status cluster-env cluster-clean cluster-check cluster-images cluster-smoke cluster-test cluster-bench

cluster-deps: $(STAMP)  ## install the system packages that the cluster needs (as root)
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --no-remove --no-upgrade $$($(BED) packages)

cluster-up: $(STAMP)  ## build what is missing and start the cluster
	@$(BED) up

cluster-down: $(STAMP)  ## stop the cluster and remove all traces outside the cache
	@$(BED) down

cluster-status: $(STAMP)  ## say which daemons run
	@$(BED) status

cluster-env: $(STAMP)  ## print the environment for a shell: eval "$$(make -s cluster-env)"
	@$(BED) env

cluster-clean: $(STAMP)  ## stop the cluster and remove its cache too
	@$(BED) clean

cluster-check: $(STAMP)  ## types of the cluster's own code
	$(PYTHON) -m mypy --explicit-package-bases --namespace-packages -p tests.cluster

cluster-smoke: $(STAMP)  ## the few cluster tests that CI runs
	@$(BED) smoke

cluster-images: $(STAMP)  ## build the step images that cluster-test trains with
	@$(PYTHON) -m tests.cluster.train.step_images

cluster-test: $(STAMP) cluster-images  ## all cluster tests, before a release
	@$(BED) test

cluster-bench: $(STAMP) cluster-images cluster-up  ## what a run costs on the cluster, and a step's container (as root)
	@eval "$$($(BED) env)" && python -m benchmarks.cluster_run
	@$(PYTHON) -m benchmarks.first_line
