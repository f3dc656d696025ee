"""Writes workflow-templates/<example>/ from the examples' configs; with ``--check`` only says which files differ.

They are compiled against workflow-templates/platform.example.yaml, whose digests are made up, and for a snapshot in a
bucket, because pods cannot read a folder of this machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ml8s.compile import Compiled, compile_config
from ml8s.config import load_config
from ml8s.examples import EXAMPLES
from ml8s.platform.reading import load_platform

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "workflow-templates"
NOTE = "# Compiled from examples/{name}/{name}.yaml by scripts/templates.py: do not edit.\n"


def compiled(name: str) -> Compiled:
    """The objects of an example."""
    config = load_config(ROOT / "examples" / name / f"{name}.yaml", [f"dataset_uri=s3://ml-datasets/{name}/v1"])
    return compile_config(config, load_platform(str(FOLDER / "platform.example.yaml")))


def files() -> Iterator[tuple[Path, str]]:
    """Every file that should be there, and its text."""
    for name in EXAMPLES:
        for file, text in compiled(name).files().items():
            yield FOLDER / name / file, NOTE.format(name=name) + text


def main() -> int:
    """Writes or checks; exit 1 where a file differs."""
    differing = [(path, text) for path, text in files() if not path.exists() or path.read_text() != text]
    for path, text in differing:
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(path.relative_to(ROOT))
    if differing and "--check" in sys.argv:
        print("compiled examples differ: run `make templates` and commit them", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
