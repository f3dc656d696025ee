"""docs/reference is what the objects say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_is_in_step_with_the_code() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_config_on_the_page_is_valid() -> None:
    from ml8s.config.loader import parse_config

    page = (ROOT / "docs" / "reference" / "config.md").read_text()
    text = page.split("```yaml\n")[1].split("```")[0]
    assert parse_config(text, "fraud.yaml").config.split.strategy == "random"


def test_the_diagram_has_an_arrow_for_every_input() -> None:
    from ml8s.catalogue import STEPS

    page = (ROOT / "docs" / "reference" / "steps.md").read_text()
    for spec in STEPS:
        for port in spec.inputs:
            arrows = [
                line
                for line in page.splitlines()
                if line.strip().startswith(("snapshot -->", *(f"{s.name} -->" for s in STEPS)))
            ]
            assert any(line.endswith(f" {spec.name}") and (port.name in line) for line in arrows)
