"""Errors of Kubernetes, Argo Workflows and Argo Rollouts, and of the platform that names them."""

from __future__ import annotations

from ml8s.errors.base import ML8sError


class ClusterError(ML8sError):
    """Kubernetes, Argo Workflows or Argo Rollouts."""

    code = "ML8S-K000"
    exit_status = 3


class InvalidPlatform(ClusterError):
    """``platform.yaml`` cannot be read or its values are not valid; ``problems`` holds every one of them."""

    code = "ML8S-K001"
    exit_status = 2


class PlatformMissing(ClusterError):
    """A command needs a platform, and none is named."""

    code = "ML8S-K002"
    exit_status = 2


class BeyondPlatform(ClusterError):
    """The config asks for what the platform does not give: an address that pods cannot read, or too many resources."""

    code = "ML8S-K003"
    exit_status = 2


class CompiledDiffers(ClusterError):
    """Compiled objects in a folder are not what the config compiles to."""

    code = "ML8S-K004"
    exit_status = 1
