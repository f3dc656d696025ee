"""The environment that makes results equal on every x86-64 machine.

One table. It is the ENV of every step image, and local commands that train or score set it by starting themselves
anew, because the C library, numpy and OpenBLAS read it only when a process starts. It pins the instruction level
(the differences between CPUs come from FMA variants of exp and log, numpy's dispatch and OpenBLAS kernels), the
hash seed, and passive waiting of OpenMP threads. See docs/decisions for the measurements.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ml8s.errors import EnvironmentNotPinned

PIN: Final[Mapping[str, str]] = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OMP_WAIT_POLICY": "passive",
    "OPENBLAS_CORETYPE": "Nehalem",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}


def missing_pins(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The entries of the pin that an environment lacks or sets to something else."""
    return {name: value for name, value in PIN.items() if environment.get(name) != value}


def require_pinned(environment: Mapping[str, str] = os.environ) -> None:
    """Refuses to train or score in a process whose environment is not pinned.

    Raises:
        EnvironmentNotPinned: names the variables that differ.
    """
    missing = missing_pins(environment)
    if missing:
        raise EnvironmentNotPinned(
            f"this process trains or scores without the pinned environment: {', '.join(missing)}",
            cure="start it through the ml8s command, or with the variables of `ml8s.environment.PIN` set",
        )


def pinned_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a child process: the given one with the pin on top."""
    return {**environment, **PIN}


def start_anew_pinned(command: Sequence[str]) -> None:
    """Replaces this process by ``command`` under the pin; returns at once where the pin is already set."""
    if not missing_pins():
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], list(command), pinned_environment())  # noqa: S606  (no shell is wanted)
