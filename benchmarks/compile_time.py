"""CPU time of ``ml8s compile`` beside ``import hera.workflows`` and the kfp SDK, and the size of what each makes.

    python benchmarks/compile_time.py [--runs 7] [--kfp FOLDER]

kfp is installed into a virtual environment of its own below FOLDER (build/kfp by default), which is kept. Commands are
run in turn after one that is not counted, so bytecode is warm and a busy machine is busy for all; medians are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from startup import cost

ROOT = Path(__file__).resolve().parent.parent
ML8S = str(Path(sys.executable).with_name("ml8s"))
SNAPSHOT = "dataset_uri=s3://ml-datasets/fraud/v1"
BAR = 1.3


def kfp_python(folder: Path) -> str:
    """The Python of an environment with kfp, made where it is not there."""
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "kfp>=2.14"], check=True)
        (folder / "done").touch()
    return str(python)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--kfp", type=Path, default=ROOT / "build" / "kfp")
    asked = parser.parse_args()
    kfp = kfp_python(asked.kfp)
    version = [kfp, "-c", "import kfp; print(kfp.__version__)"]
    told = subprocess.run(version, check=True, capture_output=True, text=True).stdout.strip()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        platform = str(ROOT / "workflow-templates" / "platform.example.yaml")
        config = str(ROOT / "examples" / "fraud" / "fraud.yaml")
        ours = [ML8S, "compile", config, "--platform", platform, "--set", SNAPSHOT, "-o", str(out / "ml8s")]
        theirs = str(out / "kfp.yaml")
        commands = {
            '`python -c "import hera.workflows"`': [sys.executable, "-c", "import hera.workflows"],
            "`ml8s compile` of the fraud example": ours,
            '`python -c "from kfp import compiler, dsl"`': [kfp, "-c", "from kfp import compiler, dsl"],
            f"kfp {told} SDK, an equal pipeline": [kfp, str(ROOT / "benchmarks" / "kfp_pipeline.py"), theirs],
        }
        costs: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(asked.runs + 1):
            for name, command in commands.items():
                costs[name] += [cost(command, environment)[0]] if number else []
        sizes = {1: (out / "ml8s" / "fraud-train-template.yaml").stat().st_size, 3: Path(theirs).stat().st_size}
    base = statistics.median(next(iter(costs.values())))
    print(f"| command | CPU s | times import hera | bytes |\n|---|---:|---:|---:|\n{_rows(costs, sizes, base)}")
    print(f"\nThe bar for `ml8s compile` is {BAR} times the import of hera.")


def _rows(costs: dict[str, list[float]], sizes: dict[int, int], base: float) -> str:
    lines = []
    for number, (name, values) in enumerate(costs.items()):
        middle = statistics.median(values)
        lines.append(f"| {name} | {middle:.2f} | {middle / base:.2f} | {sizes.get(number, '')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
