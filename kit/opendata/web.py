"""One address fetched with patience: what may pass is tried again, what will not is said at once.

Servers that are busy or restarting answer 429 or 5xx, connections break, the portal sometimes sends its page for
errors in place of what was asked for. All of that passes: after a wait that doubles, or as long as the server
says. Anything else, such as 404, is final.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import kit
from kit import addresses

__all__ = ["Passing", "Patience", "Stream", "fetch_json", "json_of", "opened", "patiently", "refuse"]

Made = TypeVar("Made")

BLOCK = 1 << 20  # bytes read at once
AGENT = f"hep-notebook-kit/{kit.__version__}"


@dataclass(frozen=True)
class Patience:
    """How long one waits: tries after the first, seconds of the first wait, seconds for each answer."""

    retries: int = 5
    backoff: float = 1.0
    timeout: float = 60.0


class Passing(OSError):  # noqa: N818 - a fault that passes, not an error
    """A fault that another try may not meet; `after` is the wait in seconds that the server asks for."""

    def __init__(self, text: str, after: float | None = None) -> None:
        super().__init__(text)
        self.after = after


def patiently(attempt: Callable[[], Made], patience: Patience) -> Made:
    """Return what `attempt` returns, called again after each fault that may pass.

    Raises
    ------
    OSError
        The last fault, with the number of tries.
    """
    for number in range(patience.retries):
        try:
            return attempt()
        except Passing as fault:
            time.sleep(patience.backoff * 2**number if fault.after is None else fault.after)
    try:
        return attempt()
    except Passing as fault:
        message = f"{fault} (tried {patience.retries + 1} times)"
        raise OSError(message) from fault


def refuse(url: str, status: int, reason: str, headers: Mapping[str, str]) -> None:
    """Raise the fault that an answer of this status is, a `Passing` one for 408, 429 and 5xx."""
    if status < 400:
        return
    message = f"{url}: {status} {reason}"
    if status in (408, 429) or status >= 500:
        raise Passing(message, _asked_to_wait(headers.get("Retry-After", "")))
    raise OSError(message)


def _asked_to_wait(text: str) -> float | None:
    """Return the seconds of a header Retry-After, which holds them or a date."""
    with contextlib.suppress(ValueError):
        return max(0.0, float(text))
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    return None


@dataclass(frozen=True)
class Stream:
    """Bytes on their way: those from `start` on, of `total` where the server says."""

    start: int
    total: int | None
    kind: str
    blocks: Iterator[bytes]


@contextlib.contextmanager
def opened(url: str, timeout: float, start: int = 0) -> Iterator[Stream]:
    """Yield the bytes at an address from `start` on, or from 0 where the server does not know ranges.

    Raises
    ------
    Passing, OSError
        From here and from the blocks.
    """
    if url.startswith("root://"):
        with _opened_root(url, start) as stream:
            yield stream
        return
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with _passing(url):
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http and https alone come here
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            here, total = _span(answer)
            blocks = iter(lambda: answer.read(BLOCK), b"")
            yield Stream(here, total, str(answer.headers.get_content_type()), blocks)


def _span(answer: Any) -> tuple[int, int | None]:
    """Return where the bytes of an answer begin, and how many the whole has."""
    length = answer.headers.get("Content-Length")
    if answer.status != http.client.PARTIAL_CONTENT:
        return 0, int(length) if length else None
    span, _, total = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    return int(span.partition("-")[0]), int(total) if total.isdigit() else None


@contextlib.contextmanager
def _opened_root(url: str, start: int) -> Iterator[Stream]:
    with _passing(url):
        system, path = addresses.filesystem(url)
        with system.open(path, "rb", cache_type="none") as file:
            file.seek(start)
            yield Stream(start, int(file.size), "", iter(lambda: file.read(BLOCK), b""))


@contextlib.contextmanager
def _passing(url: str) -> Iterator[None]:
    """Turn what a connection raises into `Passing` or final faults that name the address."""
    try:
        yield
    except Passing:
        raise
    except urllib.error.HTTPError as fault:
        with fault:
            refuse(url, fault.code, fault.reason, dict(fault.headers))
        raise
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as fault:
        what = getattr(fault, "reason", None) or fault
        message = f"{url}: {type(what).__name__}: {what}"
        raise Passing(message) from fault


def fetch_json(url: str, patience: Patience) -> Any:
    """Return the JSON at an address.

    Raises
    ------
    OSError
        If it cannot be had, or is no JSON in all tries.
    """

    def attempt() -> Any:
        with opened(url, patience.timeout) as stream:
            text = b"".join(stream.blocks)
        if stream.total is not None and len(text) < stream.total:
            message = f"{url}: {len(text)} of {stream.total} bytes came"
            raise Passing(message)
        return json_of(url, text)

    return patiently(attempt, patience)


def json_of(url: str, text: bytes) -> Any:
    """Return what an answer holds; a `Passing` fault if it is no JSON."""
    try:
        return json.loads(text)
    except ValueError as fault:
        page = ", an HTML page" if text.lstrip()[:5].lower() in (b"<!doc", b"<html") else ""
        message = f"{url}: begins with {text[:20]!r}{page}; should be JSON"
        if isinstance(fault, json.JSONDecodeError) and _ends_early(fault):
            message = f"{url}: ends early, after {len(text)} bytes with {text[-20:]!r}; should be whole JSON"
        raise Passing(message) from fault


def _ends_early(fault: json.JSONDecodeError) -> bool:
    """Return whether what is wrong with a JSON text is only that it is not all of it."""
    begun = fault.doc.lstrip()[:1] in ("{", "[")
    return begun and (fault.pos >= len(fault.doc.rstrip()) or fault.msg.startswith("Unterminated string"))
