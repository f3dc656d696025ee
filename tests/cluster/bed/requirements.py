"""What a machine must have to carry the bed, checked before anything starts."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.cluster.bed import network
from tests.cluster.bed.places import NETWORK, Places
from tests.cluster.bed.problem import Impossible

PACKAGES = {
    "buildah": "buildah",
    "cc": "gcc",
    "conntrack": "conntrack",
    "containerd": "containerd",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "runc": "runc",
}
_CNI_PLUGIN = Path("/usr/lib/cni/bridge")
_CGROUPS = Path("/sys/fs/cgroup")
_KERNEL_PATHS = {
    "overlay file systems": Path("/sys/module/overlay"),
    "bridges seen by iptables (br_netfilter)": Path("/proc/sys/net/bridge"),
    "memory on /dev/shm": Path("/dev/shm"),
}
# Gigabytes: sources, build cache, programs and images; then images alone.
COLD_DISK, WARM_DISK = 20, 3


def system_packages() -> list[str]:
    """Return the Debian packages that `make cluster-deps` installs."""
    return sorted({*PACKAGES.values(), "containernetworking-plugins", "libc6-dev", "ca-certificates"})


def check(places: Places, *, cold: bool) -> None:
    """Raise Impossible, in one line, with all that this machine lacks.

    `cold` says that programs have to be built, which takes more disk.
    """
    for finding in (_no_root, _no_go, _no_network_namespaces):
        reason = finding()
        if reason:
            raise Impossible(reason, excusable=True)
    lacking = [*_missing_packages(), *_missing_kernel_features(places), *_missing_disk(places, cold)]
    if lacking:
        raise Impossible("; ".join(lacking))


def _no_root() -> str:
    return "" if os.geteuid() == 0 else "root is needed (network namespaces, mounts, cgroups)"


def _no_go() -> str:
    return "" if shutil.which("go") else "Go is not on PATH (the cluster is built from Go modules)"


def _no_network_namespaces() -> str:
    if not shutil.which("unshare"):
        return "unshare (util-linux) is not on PATH"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"no network namespaces: {tried.stderr.strip()}"


def missing_packages(found: Callable[[str], str | None], plugin: bool) -> list[str]:
    """Return the packages whose program `found` does not find."""
    lacking = {package for program, package in PACKAGES.items() if not found(program)}
    return sorted(lacking | (set() if plugin else {"containernetworking-plugins"}))


def _missing_packages() -> Iterable[str]:
    lacking = missing_packages(shutil.which, _CNI_PLUGIN.exists())
    if lacking:
        yield f"run `make cluster-deps`, packages are missing: {' '.join(lacking)}"


def _missing_kernel_features(places: Places) -> Iterable[str]:
    if not (_CGROUPS / "memory").exists() and not (_CGROUPS / "cgroup.controllers").exists():
        yield "no memory cgroup under /sys/fs/cgroup"
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "-a", "overlay", "br_netfilter"], capture_output=True, check=False)
    yield from (f"the kernel has no {what}" for what, path in _KERNEL_PATHS.items() if not path.exists())
    if not _overlay_mounts(places.cache):
        yield f"no overlay file system can be mounted in {places.cache}"


def _overlay_mounts(folder: Path) -> bool:
    """Try what containerd will do: mount an overlay on the cache's file system."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        base = Path(name)
        for part in ("lower", "upper", "work", "merged"):
            (base / part).mkdir()
        options = f"lowerdir={base}/lower,upperdir={base}/upper,workdir={base}/work"
        mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(base / "merged")]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return False
        return subprocess.run(["umount", str(base / "merged")], check=False).returncode == 0


def _missing_disk(places: Places, cold: bool) -> Iterable[str]:
    wanted = COLD_DISK if cold else WARM_DISK
    free = shutil.disk_usage(places.cache).free / 1e9
    if free < wanted:
        yield f"{wanted} GB of disk are needed at {places.cache}, {free:.1f} GB are free"


def check_names_are_free(places: Places) -> None:
    """Raise Impossible where something else has taken the bed's names."""
    if network.exists() and not places.state.exists():
        raise Impossible(
            f"network namespace {NETWORK} exists and no bed recorded it:"
            f" if nothing needs it, `ip netns delete {NETWORK}`"
        )
