"""Under the environment pin another x86-64 CPU gives the same bytes.

CPUs are emulated by QEMU's user mode (``make test-deps`` installs it).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from ml8s.environment import PIN
from tests.busy import times_longer
from tests.determinism.conftest import Row
from tests.determinism.jobs import ROOT

CPU_JOB = Path(__file__).with_name("cpu_job.py")
ROWS = 200
EMULATED_SECONDS = 1200.0
"""The patience with one emulated job, on a machine that is free."""


@cache
def digests(cpu: str | None, *, pinned: bool) -> dict[str, str]:
    """The digests of the job on an emulated CPU, or on this machine's own."""
    emulator: list[str] = []
    if cpu is not None:
        found = shutil.which("qemu-x86_64")
        assert found, "qemu-x86_64 is missing: sudo make test-deps"
        emulator = [found, "-cpu", cpu]
    kept = {name: value for name, value in os.environ.items() if name not in PIN}
    environment = {**kept, "OMP_WAIT_POLICY": "passive", "PYTHONPATH": str(ROOT), **(PIN if pinned else {})}
    command = [*emulator, sys.executable, str(CPU_JOB), str(ROWS)]
    patience = EMULATED_SECONDS * times_longer()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=patience, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    value: dict[str, str] = json.loads(done.stdout)
    return value


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    assert set(one) == set(other)
    return sorted(name for name in one if one[name] != other[name])


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["Nehalem", "Haswell"])
def test_another_cpu_gives_the_same_digests(cpu: str, row: Row) -> None:
    here, there = digests(None, pinned=True), digests(cpu, pinned=True)
    assert differing(here, there) == []
    row(f"CPU {cpu}, emulated", "every family", len(here))


@pytest.mark.slow
def test_without_the_pin_another_cpu_gives_other_digests(row: Row) -> None:
    here, there = digests(None, pinned=False), digests("Nehalem", pinned=False)
    names = differing(here, there)
    assert names != []
    row("CPU Nehalem, emulated", "every family", 0, f"without the pin {len(names)} of {len(here)} differ")


@pytest.mark.slow
def test_without_the_pin_haswell_gives_other_digests(row: Row) -> None:
    # Beside a Nehalem, and not beside this machine, which may have just Haswell's instructions (AVX2 and FMA, no
    # AVX-512): then the two agree without any pin.
    older, there = digests("Nehalem", pinned=False), digests("Haswell", pinned=False)
    names = differing(older, there)
    assert names != []
    here = len(differing(digests(None, pinned=False), there))
    row(
        "CPU Haswell, emulated",
        "every family",
        0,
        f"without the pin {len(names)} of {len(there)} differ from Nehalem's, {here} from this machine's",
    )
