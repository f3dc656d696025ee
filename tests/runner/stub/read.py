from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json, file_sha256, write_json
from ml8s.steps.context import Progress, StepContext
from tests.runner.stub import called


def run(context: StepContext, *, snapshot: Path, dataset: Path) -> Mapping[str, Json]:
    called("read")
    context.progress(Progress(1, 2, "files"))
    write_json(dataset / "dataset.json", {path.name: file_sha256(path) for path in snapshot.iterdir()})
    (dataset / "bulk.bin").write_bytes(b"0123456789" * 100)
    return {"rows": 3}
