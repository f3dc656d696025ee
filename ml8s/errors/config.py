"""Errors of the config and of how a command was called: exit 2."""

from __future__ import annotations

from ml8s.errors.base import ML8sError


class ConfigError(ML8sError):
    """The config, or the way a command was called, must be mended."""

    code = "ML8S-C000"
    exit_status = 2


class ConfigNotFound(ConfigError):
    """No config at this path or address."""

    code = "ML8S-C001"


class ConfigUnreadable(ConfigError):
    """The file is not the plain YAML that a config is: encoding, size, depth, anchors, tags, duplicate keys."""

    code = "ML8S-C002"


class InvalidConfig(ConfigError):
    """The config is readable and its values are not valid; ``problems`` holds every one of them."""

    code = "ML8S-C003"


class UnknownTopic(ConfigError):
    """``ml8s explain`` knows no field, step or code of this name."""

    code = "ML8S-C004"


class InvalidUsage(ConfigError):
    """Options of a command contradict each other or name nothing."""

    code = "ML8S-C005"


class FileExists(ConfigError):
    """A command would overwrite a file of yours; it never does."""

    code = "ML8S-C006"
