"""Hides secrets in texts that leave the process: the environment's, and those inside addresses."""

from __future__ import annotations

import os
import re

# The part before @ in an address; abfs://container@account names a container there.
_USER_INFO = re.compile(r"(?<!abfs://)(?<!abfss://)(?<=://)[^/@\s]+(?=@)|(?<=://)[^/@\s:]*:[^/@\s]*(?=@)")
# The value of a parameter of an address whose name says that it is secret: ?sig=…, &X-Amz-Signature=…
_SECRET_PARAMETER = re.compile(
    r"(?<=[?&])([\w.%-]*(?:sig|token|secret|key|credential|password)[\w.%-]*=)[^&#\s'\"]+", re.IGNORECASE
)
_SECRET_NAME = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|APIKEY|CREDENTIAL|ACCESS_KEY|API_KEY|ACCOUNT_KEY|CONNECTION_STRING"
)
_SHORTEST_SECRET = 8


def hide_secrets(text: str) -> str:
    """The text without the environment's secrets and without user names, passwords and signatures in addresses."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET_NAME.search(name.upper()):
            text = text.replace(value, "***")
    return _SECRET_PARAMETER.sub(r"\1***", _USER_INFO.sub("***", text))
