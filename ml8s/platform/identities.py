"""Which identities a step's pod is given: its own purposes' and no other's."""

from __future__ import annotations

from dataclasses import dataclass

from ml8s.catalogue import SNAPSHOT, StepSpec
from ml8s.platform.model import Credentials
from ml8s.storage.identities import Purpose


@dataclass(frozen=True, slots=True)
class PodIdentity:
    """``secrets`` are (purpose, name of a Secret); ``account`` is the workload identity's, None for the runner's."""

    account: str | None
    secrets: tuple[tuple[Purpose, str], ...]


def purposes(spec: StepSpec) -> tuple[Purpose, ...]:
    """What a step needs object stores for: only one that reads the snapshot reads data, only an effect registers."""
    reads = any(port.name == SNAPSHOT for port in spec.inputs)
    return (*([Purpose.DATA] if reads else []), Purpose.STORE, *([Purpose.REGISTRY] if spec.effect else []))


def pod_identity(credentials: Credentials, needed: tuple[Purpose, ...]) -> PodIdentity:
    """The identity of a pod that needs object stores for these purposes.

    A pod has one workload identity: that of its last purpose which has one, so a registry's is also the store's there.
    """
    # Where data has no identity of its own, the store's reads the snapshots too.
    asked = [(purpose, getattr(credentials, purpose) or credentials.store) for purpose in needed]
    accounts = [credential.workload_identity for _, credential in asked if credential.workload_identity]
    secrets = tuple((purpose, credential.secret) for purpose, credential in asked if credential.secret)
    return PodIdentity(accounts[-1] if accounts else None, secrets)
