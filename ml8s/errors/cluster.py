"""Errors of Kubernetes, Argo Workflows and Argo Rollouts."""

from __future__ import annotations

from ml8s.errors.base import ML8sError


class ClusterError(ML8sError):
    """Kubernetes, Argo Workflows or Argo Rollouts."""

    code = "ML8S-K000"
    exit_status = 3
