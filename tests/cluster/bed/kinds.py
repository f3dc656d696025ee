"""The custom resource definitions of other projects, as one JSON document that kubectl need not compute again.

`kubectl apply -k` reads megabytes of YAML at every start, for ten seconds of CPU; the same objects as JSON take one.
"""

import json
from pathlib import Path

import yaml

from tests.cluster.bed.problem import BedError


def document(folder: Path) -> Path:
    """Return the JSON list of a kustomization that names resources and nothing else; made once, beside its folder."""
    made = folder.with_name(f"{folder.name}.json")
    if not made.exists():
        wanted = yaml.safe_load((folder / "kustomization.yaml").read_text())
        if set(wanted) != {"apiVersion", "kind", "resources"}:
            raise BedError(f"{folder}/kustomization.yaml does more than to name resources: {', '.join(sorted(wanted))}")
        items = [yaml.load((folder / name).read_bytes(), Loader=yaml.CSafeLoader) for name in wanted["resources"]]
        partial = made.with_suffix(".partial")
        partial.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        partial.rename(made)
    return made
