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


class RegistryOpen(ClusterError):
    """An identity that must not write the registry may: the store's policies are not those of the installation."""

    code = "ML8S-K010"
    exit_status = 4


class ClusterTooOld(ClusterError):
    """The cluster's version, or that of Argo Workflows, is older than what ML8s compiles for."""

    code = "ML8S-K011"


class ClusterUnreachable(ClusterError):
    """No cluster is named, or its API server does not answer."""

    code = "ML8S-K020"


class KubectlMissing(ClusterError):
    """The program kubectl, through which ML8s talks to a cluster, is not installed."""

    code = "ML8S-K021"
    exit_status = 2


class ClusterDenied(ClusterError):
    """The cluster knows who asks, and does not allow it; or does not know who asks."""

    code = "ML8S-K022"
    exit_status = 4


class ArgoMissing(ClusterError):
    """The cluster does not know Argo Workflows: its custom resources are not installed."""

    code = "ML8S-K023"


class NamespaceMissing(ClusterError):
    """The namespace that the platform names is not there."""

    code = "ML8S-K024"
    exit_status = 2


class ImageMissing(ClusterError):
    """A step's image cannot be pulled: no pod can start."""

    code = "ML8S-K025"


class PodRefused(ClusterError):
    """A step's pod cannot be made or started: a Secret or an account is missing, a rule or quota forbids it."""

    code = "ML8S-K026"


class StepTimedOut(ClusterError):
    """A step or a run was ended by its deadline."""

    code = "ML8S-K027"


class RunFailed(ClusterError):
    """A run in the cluster ended without a result, for a reason that is none of the others."""

    code = "ML8S-K028"


class ConfigChanged(ClusterError):
    """The config that a run was given is not the one that its workflow was compiled from."""

    code = "ML8S-K029"
    exit_status = 2
