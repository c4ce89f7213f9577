"""Addresses that hold a secret: what runs leave in writing is sent on, and would carry it along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["masked", "secrets_in"]

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
