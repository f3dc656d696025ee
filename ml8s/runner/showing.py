"""What a container leaves for people in the Argo UI: the report, the metrics, the decision in one line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from ml8s.runner.cache import Result
from ml8s.runner.execution import Site
from ml8s.runner.lookup import FACT_METRICS

FILES: Final = {"report": "report.html", "metrics": "metrics.json"}
LONGEST: Final = 400


def show_result(site: Site, result: Result, folder: Path) -> None:
    """Copies report.html and metrics.json of a result into a folder, and writes ``decision`` and ``metric``.

    Only a step that judges has any of them; it depends on the result alone, cached or not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for port, file in FILES.items():
        if port in result.outputs:
            shutil.copyfile(site.workspace.artifact(site.store, result.outputs[port]) / file, folder / file)
    passed, metrics = result.facts.get("passed"), result.facts.get(FACT_METRICS)
    if isinstance(passed, bool):
        reasons = result.facts.get("reasons")
        said = "; ".join(map(str, reasons)) if isinstance(reasons, list | tuple) else ""
        text = "pass" if passed else f"fail: {said}"
        (folder / "decision").write_text(text[:LONGEST], encoding="utf-8")
    if isinstance(metrics, dict):
        text = ", ".join(f"{name} {value}" for name, value in sorted(metrics.items()))
        (folder / "metric").write_text(text[:LONGEST], encoding="utf-8")
