"""Commands for a shell: each enters the bed's network namespace first."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from tests.cluster.bed.builds import Programs
from tests.cluster.bed.network import HANDLE
from tests.cluster.bed.places import ACCESS_KEY, BUCKET, PROMETHEUS, REPOSITORY, S3, SECRET_KEY, Places
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.storage import REGION

MARK = "ML8S_BED"


def write(places: Places, programs: Programs, images: dict[str, str]) -> None:
    """Write the wrappers and the file of `export` lines."""
    places.wrappers.mkdir(parents=True, exist_ok=True)
    for name, target in targets(places, programs).items():
        wrapper = places.wrappers / name
        # -e: a wrapper that cannot enter must not run the command outside.
        wrapper.write_text(f'#!/bin/sh -e\nexec nsenter --net={HANDLE} -- {shlex.quote(str(target))} "$@"\n')
        wrapper.chmod(0o755)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(places, images).items()]
    lines.append(f'export PATH={shlex.quote(str(places.wrappers))}:"$PATH"')
    places.environment.write_text("\n".join(lines) + "\n")


def targets(places: Places, programs: Programs) -> dict[str, Path | str]:
    """Return what each wrapper calls."""
    beside_python = Path(sys.executable).parent
    return {
        "kubectl": programs["kubectl"],
        "argo": programs["argo"],
        "kubectl-argo-rollouts": programs["kubectl-argo-rollouts"],
        "python": sys.executable,
        "ml8s": beside_python / "ml8s",
        "curl": _outside(places, "curl"),
    }


def _outside(places: Places, program: str) -> str:
    """Find a program of the machine: the wrappers may be first on PATH, and must not call themselves."""
    folders = [folder for folder in os.get_exec_path() if Path(folder) != places.wrappers]
    found = shutil.which(program, path=os.pathsep.join(folders))
    if found is None:
        raise BedError(f"{program} is not on PATH: make cluster-deps")
    return found


def variables(places: Places, images: dict[str, str]) -> dict[str, str]:
    """Return what the tests and a person's shell need to know; image names are by digest."""
    named = {f"ML8S_IMAGE_{name.split('/')[1].split(':')[0].upper()}": pinned for name, pinned in images.items()}
    return {
        MARK: str(places.state),
        "KUBECONFIG": str(places.kubeconfig),
        "ARGO_NAMESPACE": "ml8s",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL": S3,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "ML8S_BUCKET": BUCKET,
        "ML8S_PROMETHEUS": PROMETHEUS,
        "PYTHONPATH": str(REPOSITORY),
        **named,
    }


def test_environment(places: Places) -> dict[str, str]:
    """Return this process's environment as the file of `export` lines would change it."""
    exported = {}
    for line in places.environment.read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if name != "PATH":
            exported[name] = shlex.split(value)[0]
    path = f"{places.wrappers}:{os.environ['PATH']}"
    return {**os.environ, **exported, "PATH": path}
