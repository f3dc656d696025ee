"""``make bench``: every benchmark that needs no data from outside, one after the other.

``benchmarks/quality.py`` needs a folder of public data sets: ``python benchmarks/quality.py FOLDER``;
``benchmarks/bike.py`` an hourly file of demand: ``python benchmarks/bike.py FILE``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = ("startup", "compile_time", "validate_step", "asof", "overhead")


def main() -> int:
    """Runs them all and answers how many failed."""
    failed = 0
    for name in BENCHMARKS:
        print(f"\n== {name} ==", flush=True)
        failed += subprocess.run([sys.executable, Path(__file__).with_name(f"{name}.py")], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
