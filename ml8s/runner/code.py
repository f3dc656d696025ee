"""The identity of the code that makes a result.

In a cluster it is the digest of the image. On a laptop it is everything that the image would hold: the files of this
package, the installed distributions, Python, the C library and the environment pin.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from ml8s.artifacts import json_digest
from ml8s.environment import PIN
from ml8s.step_variables import IMAGE

PACKAGE = Path(__file__).parents[1]
_METADATA = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(-.*)?\.(dist|egg)-info")


@cache
def code_identity() -> Mapping[str, str]:
    """The identity of this process's code, by part; computed once per process.

    Parts: ``image`` alone where ML8S_IMAGE_DIGEST is set; else ``ml8s`` (digest of the package's files),
    ``distributions`` (digest of name==version of each), ``python`` (minor version), ``libc`` and ``pin``.
    """
    if image := os.environ.get(IMAGE):
        return {"image": image}
    return {
        "ml8s": package_digest(PACKAGE),
        "distributions": json_digest(installed_distributions(sys.path)),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "libc": libc_version(),
        "pin": json_digest(dict(PIN)),
    }


def package_digest(package: Path) -> str:
    """The sha256 over the relative paths and contents of a package's files; bytecode and caches aside."""
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix != ".pyc" and path.is_file()):
        digest.update(f"{path.relative_to(package).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def installed_distributions(search_path: Iterable[str]) -> list[str]:
    """The distributions that an import finds on a search path, as sorted ``name==version``; ML8s itself aside.

    Read from the names of the metadata folders (PEP 376), which costs milliseconds where parsing the metadata of 150
    distributions costs a tenth of a second. As in an import, the first of two folders of one name counts.
    """
    found: dict[str, str] = {}
    for entry in search_path:
        folder = Path(entry)
        if folder.name not in ("site-packages", "dist-packages") or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if match := _METADATA.fullmatch(path.name):
                found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    found.pop("ml8s", None)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def libc_version() -> str:
    """The C library and its version, such as ``glibc 2.36``; empty where the system does not say."""
    if "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return ""
    return os.confstr("CS_GNU_LIBC_VERSION") or ""
