"""Where the bed keeps things, and the fixed addresses inside its network."""

import os
from dataclasses import dataclass
from pathlib import Path

NETWORK = "ml8s-bed"
BRIDGE = "ml8s0"
NODE = "ml8s"
HOST = "10.244.0.1"
POD_RANGE = "10.244.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
SERVICE_OF_APISERVER = "10.96.0.1"

API = f"https://{HOST}:6443"
S3 = f"http://{HOST}:7070"
PROMETHEUS = f"http://{HOST}:9091"
BUCKET = "ml8s"
# The server listens only inside the bed's own network namespace.
ACCESS_KEY = "ml8saccess"
SECRET_KEY = "ml8ssecret"

SOURCES = Path(__file__).resolve().parent.parent
REPOSITORY = SOURCES.parent.parent


@dataclass(frozen=True)
class Places:
    """The folders of one bed.

    `cache` outlives the bed; `state`, `run` and `memory` exist only while it
    is up. `run` is short because a Unix socket's path may have 108 characters.
    """

    cache: Path
    state: Path = Path("/var/lib/ml8s-bed")
    run: Path = Path("/run/ml8s-bed")
    memory: Path = Path("/dev/shm/ml8s-bed")

    @property
    def volatile(self) -> tuple[Path, ...]:
        """Folders that must not exist after `cluster-down`."""
        return (self.state, self.run, self.memory)

    @property
    def binaries(self) -> Path:
        """Built programs, one folder per family and content key."""
        return self.cache / "binaries"

    @property
    def images(self) -> Path:
        """OCI archives, named by content key."""
        return self.cache / "images"

    @property
    def containerd(self) -> Path:
        """Containerd's root: the imported images, kept between runs."""
        return self.cache / "containerd"

    @property
    def logs(self) -> Path:
        """Logs of daemons and builds; those of the last run stay."""
        return self.cache / "logs"

    @property
    def failures(self) -> Path:
        """What was collected from the cluster when a test failed."""
        return self.cache / "failures"

    @property
    def pki(self) -> Path:
        """Keys, certificates and kubeconfigs."""
        return self.state / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.pki / "admin.kubeconfig"

    @property
    def wrappers(self) -> Path:
        """Commands that enter the network namespace first."""
        return self.state / "bin"

    @property
    def environment(self) -> Path:
        """The file of `export` lines that a shell evaluates."""
        return self.state / "environment.sh"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.run / "containerd.sock"


def standard() -> Places:
    """Return the places of this user's bed; honours XDG_CACHE_HOME."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Places(cache=Path(base) / "ml8s")
