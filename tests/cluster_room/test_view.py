"""A Workflow's JSON, recorded from Argo Workflows 3.7 as kubectl printed it, as the view that is followed."""

from __future__ import annotations

import json
from pathlib import Path

from ml8s.cluster.view import RunView, read_view

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> RunView:
    return read_view(json.loads((RECORDED / f"{name}.json").read_text()))
