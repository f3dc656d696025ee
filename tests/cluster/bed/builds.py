"""Programs built from Go modules, cached by what they are built from."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.bed import console, content
from tests.cluster.bed.commands import run, run_logged
from tests.cluster.bed.places import SOURCES, Places
from tests.cluster.bed.problem import BedError

ARGO = "github.com/argoproj/argo-workflows/v3"
ROLLOUTS = "github.com/argoproj/argo-rollouts"
KUBERNETES = "k8s.io/kubernetes"
_KUBERNETES_VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Family:
    """Programs that are built from one go.mod.

    `stamps` are linker variables, with `@` for the version of `module`;
    `manifests` are modules whose folder of that name is cached beside the
    programs; `usual` is the time in seconds on two cores with nothing cached.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    usual: int
    stamps: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    vendored: bool = False

    @property
    def source(self) -> Path:
        """The folder with the committed go.mod and go.sum."""
        return SOURCES / "go" / self.name

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the programs."""
        return tuple(_program(package) for package in self.packages)

    def version(self, module: str = "") -> str:
        """Return the version that go.mod requires of a module."""
        wanted = re.escape(module or self.module)
        text = (self.source / "go.mod").read_text()
        found = re.search(rf"^(?:require)?\s*{wanted} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise BedError(f"{self.source}/go.mod does not require {module or self.module}")
        return found.group(1)


FAMILIES = (
    Family("etcd", "go.etcd.io/etcd/server/v3", ("go.etcd.io/etcd/server/v3",), 50),
    Family(
        "kubernetes",
        KUBERNETES,
        (
            *(
                f"{KUBERNETES}/cmd/{name}"
                for name in (
                    "kube-apiserver",
                    "kube-controller-manager",
                    "kube-scheduler",
                    "kubelet",
                    "kube-proxy",
                    "kubectl",
                )
            ),
            f"{ROLLOUTS}/cmd/rollouts-controller",
            f"{ROLLOUTS}/cmd/kubectl-argo-rollouts",
        ),
        570,
        stamps=(
            f"{_KUBERNETES_VERSION}.gitVersion=@",
            f"{_KUBERNETES_VERSION}.gitMajor=1",
            f"{_KUBERNETES_VERSION}.gitMinor=34",
        ),
        manifests=(ROLLOUTS,),
    ),
    Family(
        "argo",
        ARGO,
        tuple(f"{ARGO}/cmd/{name}" for name in ("workflow-controller", "argoexec", "argo")),
        390,
        stamps=(f"{ARGO}.version=@",),
        manifests=(ARGO,),
        vendored=True,
    ),
    # Debian's own is built without the discovery of pods.
    Family(
        "prometheus",
        "github.com/prometheus/prometheus",
        ("github.com/prometheus/prometheus/cmd/prometheus",),
        150,
    ),
    Family("minio", "github.com/minio/minio", ("github.com/minio/minio",), 270),
    Family(
        "versitygw",
        "github.com/versity/versitygw",
        ("github.com/versity/versitygw/cmd/versitygw",),
        60,
    ),
)


@dataclass(frozen=True)
class Programs:
    """The built programs by name, and the folders of manifests by module."""

    paths: dict[str, Path]
    manifests: dict[str, Path]

    def __getitem__(self, name: str) -> Path:
        """Return the path of a program."""
        return self.paths[name]


def _program(package: str) -> str:
    """Name a package's program: its last part that is not a major version."""
    name = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)][-1]
    return "etcd" if package.startswith("go.etcd.io/") else name


def family_key(family: Family, go_version: str) -> str:
    """Return the content key of a family: go.mod, go.sum, Go itself, the recipe."""
    modules = [(family.source / name).read_bytes() for name in ("go.mod", "go.sum")]
    recipe = repr((family.packages, family.stamps, family.manifests, family.vendored))
    return content.key([go_version, recipe, *modules])


def folder_of(family: Family, places: Places, go_version: str) -> Path:
    """Return where a family's programs are, or will be."""
    return places.binaries / f"{family.name}-{family_key(family, go_version)}"


def missing(places: Places, go_version: str) -> list[Family]:
    """Return the families that have to be built, in order."""
    return [f for f in FAMILIES if not folder_of(f, places, go_version).exists()]


def build_all(places: Places) -> Programs:
    """Build what is missing, with progress, and return all programs."""
    go_version = run(["go", "version"]).strip()
    queue = missing(places, go_version)
    for index, family in enumerate(queue):
        then = queue[index + 1].name if index + 1 < len(queue) else "images"
        title = f"building {family.name} ({index + 1} of {len(queue)})"
        with console.long_work(title, family.usual, then):
            _build(family, places, folder_of(family, places, go_version))
    return programs(places, go_version)


def programs(places: Places, go_version: str) -> Programs:
    """Return the programs that are in the cache."""
    paths: dict[str, Path] = {}
    manifests: dict[str, Path] = {}
    for family in FAMILIES:
        folder = folder_of(family, places, go_version)
        paths |= {name: folder / name for name in family.programs}
        manifests |= {module: folder / _manifests_folder(module) for module in family.manifests}
    return Programs(paths, manifests)


def _manifests_folder(module: str) -> str:
    return "manifests-" + module.split("/")[2]


def _build(family: Family, places: Places, target: Path) -> None:
    """Build one family beside its target, then rename: complete or absent."""
    work = places.cache / "work" / family.name
    log = places.logs / f"build-{family.name}.log"
    shutil.rmtree(work, ignore_errors=True)
    log.unlink(missing_ok=True)
    shutil.copytree(family.source, work / "module")
    out = work / "out"
    out.mkdir()
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
    mode = _vendor(work / "module", env, log) if family.vendored else "-mod=readonly"
    stamps = " ".join(f"-X {s.replace('@', family.version())}" for s in family.stamps)
    for package in family.packages:
        run_logged(
            ["go", "build", mode, "-trimpath", "-ldflags", f"-s -w {stamps}".strip(),
             "-o", out / _program(package), package],
            log, cwd=work / "module", env=env,
        )  # fmt: skip
    for module in family.manifests:
        found = _module_folder(module, work / "module") / "manifests"
        # Files of the module cache are read-only; copies that are not can be removed.
        shutil.copytree(found, out / _manifests_folder(module), copy_function=shutil.copyfile)
    target.parent.mkdir(parents=True, exist_ok=True)
    out.rename(target)
    target.touch()
    content.keep_latest(target.parent, f"{family.name}-*")
    shutil.rmtree(work)


def _module_folder(module: str, cwd: Path) -> Path:
    found = run(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], cwd=cwd)
    return Path(found.strip())


def _vendor(module: Path, env: dict[str, str], log: Path) -> str:
    """Vendor Argo's dependencies and put back what its module zip cannot hold.

    A zip has no symlinks (`signal_linux.go` is one to `signal_darwin.go`) and
    no files that git ignores (the built web page, which is embedded).
    """
    run_logged(["go", "mod", "vendor", "-e"], log, cwd=module, env=env)
    argo = module / "vendor" / ARGO
    signals = argo / "workflow" / "executor" / "osspecific"
    shutil.copy(signals / "signal_darwin.go", signals / "signal_linux.go")
    page = argo / "ui" / "dist" / "app" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<!doctype html><title>argo</title>\n")
    return "-mod=vendor"
