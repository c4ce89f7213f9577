"""The catalogue services of the demo, with faults that a test switches on by path and number of times."""

import json
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock

from kit.opendata.demo_service import Answer, Service

Fault = Callable[[Answer], Answer]


def busy(status: int, after: str = "") -> Fault:
    """Answer with a status such as 503, and with a header Retry-After."""
    headers = (("Content-Type", "text/plain"), *([("Retry-After", after)] if after else []))
    return lambda _answer: Answer(status, b"busy", headers)


def cut(answer: Answer) -> Answer:
    """Close the connection after half of the bytes."""
    return replace(answer, sent=len(answer.body[answer.start : answer.stop]) // 2)


def one_wrong_byte(answer: Answer) -> Answer:
    body = bytearray(answer.body)
    body[len(body) // 2] ^= 1
    return replace(answer, body=bytes(body))


def without_ranges(answer: Answer) -> Answer:
    kept = tuple(header for header in answer.headers if header[0] != "Content-Range")
    return Answer(200, answer.body, kept)


def slow(seconds: float) -> Fault:
    def delay(answer: Answer) -> Answer:
        time.sleep(seconds)
        return answer

    return delay


def not_found(_answer: Answer) -> Answer:
    return Answer(404, b"gone", (("Content-Type", "text/plain"),))


def error_page(_answer: Answer) -> Answer:
    return Answer(200, page_of_errors(), (("Content-Type", "text/html"),))


def no_json(answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def page_of_errors(size: int = 3846, checksum: int = 0xA82D5324) -> bytes:
    """Return an HTML page of the size and the adler32 that the portal's has."""
    begin = b"<!DOCTYPE html><html><body>Sorry, this page does not exist"
    body = bytearray(begin + b"a" * (size - len(begin)))
    # one letter more at place i adds 1 to the lower half of the sum and size - i to the upper one
    low = ((checksum & 0xFFFF) - (zlib.adler32(body) & 0xFFFF)) % 65521
    for i in range(low):
        body[len(begin) + i % (size - len(begin))] += 1
    high = ((checksum >> 16) - (zlib.adler32(body) >> 16)) % 65521
    while high:  # a letter moved from i to i - step adds step
        step = min(high, 3000)
        body[size - 1 - high % 97] -= 1
        body[size - 1 - high % 97 - step] += 1
        high -= step
    assert zlib.adler32(body) == checksum
    return bytes(body)


class FaultyService(Service):
    """Counts requests by path, and answers some of them badly."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.requests: Counter[str] = Counter()
        self.spans: list[tuple[str, str]] = []
        self.bytes = 0
        self._faults: list[tuple[str, Fault, list[int]]] = []
        self._lock = Lock()

    def fail(self, path: str, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests whose path holds `path` go wrong."""
        self._faults.append((path, fault, [times]))

    def forget(self) -> None:
        """Count anew, and be sound."""
        self.requests.clear()
        self.spans.clear()
        self._faults.clear()
        self.bytes = 0

    def answer(self, target: str, span: str) -> Answer:
        path = target.partition("?")[0]
        answer = super().answer(target, span)
        with self._lock:
            self.requests[path] += 1
            if span:
                self.spans.append((path, span))
            waiting = [(fault, left) for part, fault, left in self._faults if part in target and left[0] > 0]
            for _, left in waiting[:1]:
                left[0] -= 1
        answer = waiting[0][0](answer) if waiting else answer
        if path.startswith("/eos/"):
            self.bytes += len(answer.body[answer.start : answer.stop][: answer.sent])
        return answer

    def table(self, name: str) -> dict:
        """Return a table of its folder, such as ``records``."""
        return json.loads((self.folder / f"{name}.json").read_text())
