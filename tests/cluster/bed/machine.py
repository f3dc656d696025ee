"""What the bed changes on the machine beyond its own folders, and puts back."""

import json
from pathlib import Path

from tests.cluster.bed.places import Places

# Folders that kubelet, containerd and the pod network make at fixed places.
STRAY_FOLDERS = (
    "/run/containerd",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
)
# Kernel settings of the whole machine that kubelet sets.
_KERNEL_SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
_SYSCTL = Path("/proc/sys")


def remember(places: Places) -> None:
    """Write down, before anything starts, what the machine looks like."""
    absent = [folder for folder in STRAY_FOLDERS if not Path(folder).exists()]
    settings = {name: (_SYSCTL / name).read_text().strip() for name in _KERNEL_SETTINGS if (_SYSCTL / name).exists()}
    _memory(places).write_text(json.dumps({"absent": absent, "settings": settings}, indent=1))


def _memory(places: Places) -> Path:
    return places.state / "machine.json"


def _remembered(places: Places) -> tuple[list[str], dict[str, str]]:
    try:
        known = json.loads(_memory(places).read_text())
    except (OSError, ValueError):
        return [], {}
    return known["absent"], known["settings"]


def stray_folders(places: Places) -> list[Path]:
    """Return the folders that were not there before the bed, and are now."""
    return [Path(folder) for folder in _remembered(places)[0] if Path(folder).exists()]


def restore_settings(places: Places) -> None:
    """Set the kernel's settings back to what they were."""
    for name, value in _remembered(places)[1].items():
        if (_SYSCTL / name).read_text().strip() != value:
            (_SYSCTL / name).write_text(value)
