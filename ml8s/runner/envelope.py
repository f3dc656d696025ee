"""What a record and an attempt say about how a result came to be. It decides nothing and is in no digest."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from ml8s import __version__
from ml8s.artifacts import Json
from ml8s.config.loader import LoadedConfig
from ml8s.config.model import Config
from ml8s.registry.events import local_actor
from ml8s.runner.code import installed_distributions, libc_version
from ml8s.runner.keys import time_budget
from ml8s.runner.plan import Workload


def describe_run(loaded: LoadedConfig, store: str, work: Workload, slots: int) -> dict[str, Json]:
    """The envelope of a run: config as written and resolved, addresses, actor, code, versions, threads, time."""
    resolved: Json = json.loads(loaded.config.model_dump_json(exclude_unset=True))
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "actor": local_actor().to_json(),
        "name": loaded.config.name,
        "pipeline": work.program.pipeline.name,
        "until": work.until,
        "config": {
            "text": loaded.text,
            "origin": loaded.origin,
            "overrides": list(loaded.overrides),
            "resolved": resolved,
        },
        "locators": {"dataset_uri": loaded.dataset_location, "store": store},
        "code": dict(work.code),
        "versions": describe_versions(),
        "threads": slots,
        "budget": time_budget(loaded.config),
    }


def describe_container(
    config: Config, store: str, code: Mapping[str, str], attempt: str, actor: str = ""
) -> dict[str, Json]:
    """The envelope that a step in a container writes by itself: no file of the config is there, only what it says.

    ``actor`` is who submitted the run, as the cluster's API server knows them; a parameter of the Workflow carries it,
    which nobody vouches for. Without one the attempt stands for whoever it was.
    """
    resolved: Json = json.loads(config.model_dump_json(exclude_unset=True))
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "actor": {"id": actor or attempt or "container", "source": "kubernetes", "verified": False},
        "attempt": attempt,
        "name": config.name,
        "config": {"text": "", "origin": "", "overrides": [], "resolved": resolved},
        "locators": {"dataset_uri": config.dataset_uri, "store": store},
        "code": dict(code),
        "versions": describe_versions(),
        "budget": time_budget(config),
    }


def describe_versions() -> dict[str, Json]:
    """What computes here: ML8s, Python, the C library, the machine, and every installed distribution."""
    return {
        "ml8s": __version__,
        "python": platform.python_version(),
        "libc": libc_version(),
        "machine": platform.machine(),
        "distributions": installed_distributions(sys.path),
    }
