"""CPU time of a step's process up to its first log line, beside importing the same modules bare, in the step images.

    python -m benchmarks.first_line [--runs 5]

As root, after `make cluster-images`. A step says its first line when it has imported what it needs, before it reads any
data; there it is stopped. The bare process imports every module of others that was imported until then, in that order.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ml8s.catalogue import STEPS
from ml8s.compile import PYTHON
from ml8s.config import load_config
from tests.cluster.bed.places import REPOSITORY, standard
from tests.cluster.train import step_images

BAR = 1.25
TICKS = os.sysconf("SC_CLK_TCK")
BARE = """\
import importlib, sys
for name in open("/scratch/modules").read().split():
    if name not in sys.modules:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
"""


@contextmanager
def mounted(family: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """The files of a step image, and its environment."""
    places = standard()
    archive = step_images.build(family, step_images.base_image(places), places)
    store = places.cache / "step-images"
    buildah = ["buildah", "--storage-driver", "overlay", "--root", str(store / "root"), "--runroot", str(store / "run")]
    box = said([*buildah, "from", f"oci-archive:{archive}"])
    try:
        told: list[str] = json.loads(said([*buildah, "inspect", box]))["OCIv1"]["config"]["Env"]
        root = Path(said([*buildah, "mount", box]))
        (root / "scratch").mkdir(exist_ok=True)
        os.chown(root / "scratch", 10001, 10001)
        yield root, dict(pair.split("=", 1) for pair in told)
    finally:
        said([*buildah, "rm", box])


def said(words: Sequence[str]) -> str:
    """What a command prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def started(root: Path, environment: Mapping[str, str], *words: str) -> subprocess.Popen[str]:
    """A process in the image, as its user; its stderr is read."""
    mounts = 'mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc"'
    inside = f'{mounts} && exec /usr/sbin/chroot --userspec=10001:10001 "$0" "$@"'
    argv = ["unshare", "--mount", "sh", "-c", inside, str(root), PYTHON, *words]
    return subprocess.Popen(argv, env=dict(environment), stderr=subprocess.PIPE, text=True)


def to_first_line(root: Path, environment: Mapping[str, str], step: str) -> tuple[float, list[str]]:
    """CPU seconds of a step to its first line, and the modules imported by then where it is asked to tell them."""
    words = ["-m", "ml8s.steps", step, "--store", "/scratch/store", "--result", "/scratch/result"]
    process = started(root, environment, *words)
    assert process.stderr is not None
    modules, said_else = list[str](), list[str]()
    for line in process.stderr:
        if line == f"{step} begins\n":
            break
        if line.startswith("import time:"):
            modules.append(line.rpartition("|")[2].strip())
        else:
            said_else.append(line)
    else:
        raise SystemExit(f"{step} never began: {''.join(said_else)}")
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    process.kill()
    process.communicate()
    return (int(fields[11]) + int(fields[12])) / TICKS, [name for name in modules if name.split(".")[0] != "ml8s"]


def bare(root: Path, environment: Mapping[str, str]) -> float:
    """CPU seconds of a process that imports the listed modules and nothing else."""
    process = started(root, environment, "/scratch/bare.py")
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("the bare imports failed")
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    config = load_config(REPOSITORY / "examples" / "fraud" / "fraud.yaml", ["dataset_uri=/scratch/data"]).config
    text = base64.b64encode(config.model_dump_json(exclude_unset=True).encode()).decode()
    print("| step | image | modules of others | bare imports, CPU s | first line, CPU s | ratio |")
    print("|---|---|---:|---:|---:|---:|")
    for family in step_images.FAMILIES:
        with mounted(family) as (root, told):
            environment = {**told, "ML8S_CONFIG": text, "ML8S_IMAGE_DIGEST": f"sha256:{'0' * 64}"}
            (root / "scratch" / "bare.py").write_text(BARE)
            for spec in (spec for spec in STEPS if spec.image == family):
                _, modules = to_first_line(root, {**environment, "PYTHONPROFILEIMPORTTIME": "1"}, spec.name)
                (root / "scratch" / "modules").write_text("\n".join(modules))
                pairs = [(bare(root, environment), to_first_line(root, environment, spec.name)[0]) for _ in range(runs)]
                alone, step = (statistics.median(column) for column in zip(*pairs, strict=True))
                row = (spec.name, family, len(modules), f"{alone:.2f}", f"{step:.2f}", f"{step / alone:.2f}")
                print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print(f"\nThe bar is {BAR}.")


if __name__ == "__main__":
    main()
