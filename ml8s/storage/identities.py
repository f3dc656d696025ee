"""Who a process is towards object stores, by purpose: reading data, the store, the registry.

A purpose's own ``AWS_*`` variables bear its prefix, such as ``ML8S_REGISTRY_AWS_ACCESS_KEY_ID``; a variable that is
not set is that of the process, ``AWS_ACCESS_KEY_ID``. So a step that was handed no registry has no way to write one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """What an object store is opened for."""

    DATA = "data"
    STORE = "store"
    REGISTRY = "registry"

    @property
    def prefix(self) -> str:
        """What the names of the purpose's own variables begin with."""
        return f"ML8S_{self.upper()}_"


_KEYS: Final = {"key": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY", "token": "AWS_SESSION_TOKEN"}


def own_settings(purpose: Purpose, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What differs from the process' own identity: key, secret, token, endpoint_url, region_name, where they are set.

    A key of its own never goes with the session token of the process.
    """
    given = os.environ if environment is None else environment
    names = {**_KEYS, "endpoint_url": "AWS_ENDPOINT_URL", "region_name": "AWS_REGION"}
    found = {word: given.get(f"{purpose.prefix}{name}", "") for word, name in names.items()}
    return {word: value for word, value in found.items() if value}
