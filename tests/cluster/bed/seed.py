"""etcd's files with every custom resource definition in it, made once and copied at every start.

The definitions are megabytes, and taking them costs the API server half a minute of CPU. When the seed is made only
etcd and the API server have run: it holds no token, node, namespace of a tenant, or anything else of one start.
"""

import shutil
from pathlib import Path

from tests.cluster.bed import content
from tests.cluster.bed.builds import ARGO, ROLLOUTS, Programs
from tests.cluster.bed.places import Places

# Raise it when what is planted changes otherwise than by its programs.
_VERSION = "1"


def folder(places: Places, programs: Programs) -> Path:
    """Return where the seed for these programs is, or will be."""
    made_by = [programs[name] for name in ("etcd", "kube-apiserver")]
    made_by += [programs.manifests[module] for module in (ARGO, ROLLOUTS)]
    return places.cache / "seeds" / f"etcd-{content.key([_VERSION, *(path.parent.name for path in made_by)])}"


def data(places: Places) -> Path:
    """Return where etcd keeps its files."""
    return places.memory / "etcd"


def lay(places: Places, programs: Programs) -> bool:
    """Copy the seed to where etcd starts from; say whether there was one."""
    kept = folder(places, programs)
    if not kept.exists():
        return False
    shutil.copytree(kept, data(places))
    return True


def keep(places: Places, programs: Programs) -> None:
    """Keep the files of an etcd that has stopped, complete or not at all."""
    kept, partial = folder(places, programs), places.cache / "work" / "seed"
    shutil.rmtree(partial, ignore_errors=True)
    # Half-made log segments are of no use to another start.
    shutil.copytree(data(places), partial, ignore=shutil.ignore_patterns("*.tmp"))
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(kept)
    content.keep_latest(kept.parent, "etcd-*")
