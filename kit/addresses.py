"""Addresses of files: what is behind them, and secrets in them.

What runs leave in writing is sent on, and would carry a password or a token along.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["filesystem", "limit_patience", "masked", "secrets_in"]

# XRootD's own patience with a server that does not answer is ten minutes; its environment overrides
PATIENCE = {"XRD_CONNECTIONWINDOW": "20", "XRD_CONNECTIONRETRY": "2", "XRD_REQUESTTIMEOUT": "300"}

_NAMES = (
    r"[\w.-]*(?:token|authz|passw(?:or)?d|secret|signature|credential|api_?key|access_?key(?:_?id)?)|sig|pwd|auth"
)
_SECRET = re.compile(
    r"(?P<before>\b(?:https?|davs?)://)[^/\s@?#]+(?=@)"  # whoever it is: services take tokens as names
    r"|(?P<user>\b[a-z][a-z0-9+.-]*://[^/\s:@?#]*:)[^/\s@?#]+(?=@)"
    rf"|(?P<query>[?&;](?:{_NAMES})=)[^&;#\s'\"]+",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """Return `text` without the passwords and tokens of the addresses in it."""
    if "://" not in text:
        return text
    return _SECRET.sub(lambda found: f"{found['before'] or found['user'] or found['query']}…", text)


def secrets_in(name: str, value: Any) -> Iterator[str]:
    """Yield, for each address with a secret inside the value of a parameter, what is wrong with it, without it."""
    if isinstance(value, str):
        if (shown := masked(value)) != value:
            yield (
                f"{name} is {shown}, whose secret would be in manifests and jobs for all to read; let it be found "
                "where its protocol looks for it: a ticket, a proxy, BEARER_TOKEN_FILE, a token file"
            )
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from secrets_in(f"{name}.{key}", part)
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            yield from secrets_in(f"{name}[{place}]", part)


def limit_patience() -> None:
    """Let XRootD, whoever calls it, give up a server that does not answer within a minute or so."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)


def filesystem(address: str) -> tuple[Any, str]:
    """Return fsspec's file system for an address, and the name of the file there."""
    limit_patience()
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    return system, str(path)
