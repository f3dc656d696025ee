"""The bed's private network namespace: nothing in it reaches the outside."""

import ctypes
import os
from pathlib import Path

from tests.cluster.bed.commands import run
from tests.cluster.bed.places import BRIDGE, HOST, NETWORK, SERVICE_RANGE
from tests.cluster.bed.problem import BedError

HANDLE = Path("/run/netns") / NETWORK
_CLONE_NEWNET = 0x40000000
# Without the last, replies between two pods on the bridge bypass the
# translation of Service addresses.
_SETTINGS = {"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1"}


def exists() -> bool:
    """Say whether the network namespace is there."""
    return HANDLE.exists()


def is_inside() -> bool:
    """Say whether this process already lives in the bed's namespace."""
    return exists() and HANDLE.stat().st_ino == Path("/proc/self/ns/net").stat().st_ino


def enter() -> None:
    """Move this thread, and every process and thread it starts, into the namespace.

    The mount namespace stays the host's, unlike with `ip netns exec`.
    """
    if is_inside():
        return
    descriptor = os.open(HANDLE, os.O_RDONLY)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(descriptor, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise BedError(f"cannot enter network namespace {NETWORK}: {os.strerror(code)}")
    finally:
        os.close(descriptor)


def create() -> None:
    """Make the namespace, enter it, and lay the bridge that is the node's address."""
    run(["ip", "netns", "add", NETWORK])
    enter()
    run(["ip", "link", "set", "lo", "up"])
    run(["ip", "link", "add", BRIDGE, "type", "bridge"])
    run(["ip", "addr", "add", f"{HOST}/24", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])
    # Service addresses are translated on output, which needs some route.
    run(["ip", "route", "add", SERVICE_RANGE, "dev", BRIDGE])
    for name, value in _SETTINGS.items():
        (Path("/proc/sys") / name).write_text(value)


def delete() -> None:
    """Remove the namespace's name; it ends with its last process."""
    if exists():
        run(["ip", "netns", "delete", NETWORK])


def processes() -> set[int]:
    """Return the processes that live in the namespace."""
    if not exists():
        return set()
    return {int(pid) for pid in run(["ip", "netns", "pids", NETWORK]).split()}
