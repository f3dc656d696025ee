# The step images: step-images/README.md.
.PHONY: images templates
BASE_IMAGE ?=
REPOSITORY ?= localhost/ml8s

images: $(STAMP)  ## build the step images from BASE_IMAGE=name@sha256:…
	@test -n "$(BASE_IMAGE)" || { echo "make: name the base image: make images BASE_IMAGE=name@sha256:…" >&2; exit 2; }
	@$(PYTHON) step-images/build.py --base-image "$(BASE_IMAGE)" --repository "$(REPOSITORY)"

templates: $(STAMP)  ## compile the examples into workflow-templates/
	@$(PYTHON) scripts/templates.py
