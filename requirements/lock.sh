#!/usr/bin/env bash
# Resolves every requirements set: one resolution (all.txt), then each family under it as constraint,
# so that a package has one version everywhere. Needs uv. Run by `make lock`.
set -euo pipefail
cd "$(dirname "$0")/.."
resolve() { # OUTPUT ARGUMENT...
  local output=$1
  shift
  uv pip compile pyproject.toml "$@" --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
    --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --quiet \
    --output-file "requirements/$output.txt"
}
resolve all requirements/development.in --all-extras "${UPGRADE:---no-upgrade}"
resolve core --constraint requirements/all.txt
resolve train --extra train --extra features --constraint requirements/all.txt
resolve serve --extra train --extra serve --constraint requirements/all.txt
resolve monitor --extra train --extra monitor --constraint requirements/all.txt
resolve development requirements/development.in --extra train --extra features --extra compile --constraint requirements/all.txt
wc -l requirements/*.txt
