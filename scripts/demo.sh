#!/usr/bin/env bash
# `make demo`: the fraud example from its data to a registered candidate, in the folder demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
test -f demo/fraud.yaml || ml8s init demo --from fraud
ml8s run demo/fraud.yaml --local --store demo/.ml8s
