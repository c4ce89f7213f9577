"""The one door to ZeroMQ: sockets that never wait for ever, and that end when their owner does.

A `Wire` holds the sockets of one owner. Requests and answers may have several parts. Whatever does not come in
time is a `TimeoutError`; after it the asking socket is a new one, so that a late answer is never taken for the
answer to the next question. Server sockets know who asks and may leave a question without an answer.
"""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Callable
from types import TracebackType

import zmq

__all__ = ["SLICE", "Interrupt", "Publisher", "Puller", "Requester", "Responder", "WaitEndedError", "Wire"]

SLICE = 0.05  # s; a wait looks this often whether it shall end
LEAVING = 0.5  # s that a closed socket may still hold its port: ZeroMQ closes in the background
MOST_QUEUED = 1000  # messages kept for a reader that is slow

Interrupt = Callable[[], bool]


class WaitEndedError(RuntimeError):
    """A wait that was ended because its owner asked for it."""


class Wire:
    """The sockets of one owner; closing it closes them all, at once and without waiting for anyone."""

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._opened: list[zmq.Socket[bytes]] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all sockets; what was not sent is dropped."""
        self._context.destroy(linger=0)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def opened(self, kind: int) -> zmq.Socket[bytes]:
        """Return a new socket that keeps nothing alive."""
        made: zmq.Socket[bytes] = self._context.socket(kind)
        made.setsockopt(zmq.LINGER, 0)
        with self._lock:  # whoever forgets a socket leaves it to its wire
            self._opened = [*(each for each in self._opened if not each.closed), made]
        return made


class Requester:
    """The asking end of a control socket.

    Parameters
    ----------
    wire : Wire
    address : str
        ``tcp://host:port``.
    timeout : float
        Seconds to wait for an answer.
    interrupt : callable, optional
        Looked at during waits: true ends the wait with `WaitEndedError`.
    """

    def __init__(self, wire: Wire, address: str, timeout: float, interrupt: Interrupt | None = None) -> None:
        self.wire, self.address, self.timeout, self.interrupt = wire, address, timeout, interrupt
        self._socket: zmq.Socket[bytes] | None = None

    def _connected(self) -> zmq.Socket[bytes]:
        """Return the socket, which is made when something is to be said."""
        if self._socket is None:
            self._socket = self.wire.opened(zmq.REQ)
            self._socket.connect(self.address)
        return self._socket

    def ask(self, *parts: str | bytes, timeout: float | None = None) -> list[bytes]:
        """Send a request and return the parts of its answer.

        Raises
        ------
        TimeoutError
            If no answer comes in time.
        WaitEndedError
            If the owner ended the wait.
        """
        limit = self.timeout if timeout is None else timeout
        frames = [part.encode() if isinstance(part, str) else part for part in parts]
        end = time.monotonic() + limit
        asking = self._connected()
        try:
            _wait(asking, zmq.POLLOUT, end, self.interrupt, f"{self.address} takes no message")
            asking.send_multipart(frames)
            _wait(asking, zmq.POLLIN, end, self.interrupt, f"{self.address} gives no answer in {limit:g} s")
        except (TimeoutError, WaitEndedError):
            self.renew()
            raise
        return asking.recv_multipart()

    def renew(self) -> None:
        """Give up the socket for a new one: answers that are still on their way to the old one are lost."""
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None


class Puller:
    """The receiving end of a data socket."""

    def __init__(self, wire: Wire, address: str, interrupt: Interrupt | None = None) -> None:
        self.address, self.interrupt = address, interrupt
        self._socket = wire.opened(zmq.PULL)
        self._socket.setsockopt(zmq.RCVHWM, MOST_QUEUED)
        self._socket.connect(address)

    def receive(self, timeout: float) -> bytes:
        """Return the next message.

        Raises
        ------
        TimeoutError
            If none comes in time.
        WaitEndedError
            If the owner ended the wait.
        """
        end = time.monotonic() + timeout
        _wait(self._socket, zmq.POLLIN, end, self.interrupt, f"{self.address} sends nothing for {timeout:g} s")
        return self._socket.recv()

    def drain(self) -> int:
        """Throw away what has come in so far, and return the number of messages."""
        thrown = 0
        with contextlib.suppress(zmq.Again):
            while True:
                self._socket.recv(zmq.NOBLOCK)
                thrown += 1
        return thrown

    def close(self) -> None:
        """Close the socket."""
        self._socket.close(linger=0)


class Publisher:
    """The sending end of a data socket: bound, for the one reader that connects."""

    def __init__(self, wire: Wire, host: str, port: int) -> None:
        self._socket = wire.opened(zmq.PUSH)
        self._socket.setsockopt(zmq.SNDHWM, MOST_QUEUED)
        self.port = _bound(self._socket, host, port)

    def send(self, message: bytes, interrupt: Interrupt) -> bool:
        """Send a message; wait for a reader as long as `interrupt` allows, and tell whether it was taken."""
        while not interrupt():
            if self._socket.poll(int(SLICE * 1000), zmq.POLLOUT):
                self._socket.send(message)
                return True
        return False

    def close(self) -> None:
        """Close the socket."""
        self._socket.close(linger=0)


class Responder:
    """The answering end of a control socket, with a thread of its own from `start` to `stop`.

    `answer` gets who asks and the parts of the question, and returns the parts of the answer, or None for silence.
    """

    def __init__(
        self,
        wire: Wire,
        host: str,
        port: int,
        answer: Callable[[bytes, list[bytes]], list[bytes] | None],
        name: str,
    ) -> None:
        self._answer = answer
        self._socket = wire.opened(zmq.ROUTER)
        self.port = _bound(self._socket, host, port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the socket, within a second."""
        self._over.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _serve(self) -> None:
        with contextlib.suppress(zmq.ContextTerminated, zmq.ZMQError):
            while not self._over.is_set():
                if not self._socket.poll(int(SLICE * 1000)):
                    continue
                identity, *parts = self._socket.recv_multipart()
                reply = self._answer(identity, parts[1:])
                if reply is not None:
                    self._socket.send_multipart([identity, b"", *reply])
        self._socket.close(linger=0)


def _bound(made: zmq.Socket[bytes], host: str, port: int) -> int:
    end = time.monotonic() + LEAVING
    while True:
        try:
            made.bind(f"tcp://{host}:{port or '*'}")
            break
        except zmq.ZMQError as fault:
            if fault.errno == errno.EADDRINUSE and time.monotonic() < end:
                time.sleep(SLICE)
                continue
            made.close(linger=0)
            message = f"port {port} of {host} cannot be used: {fault.strerror}"
            raise OSError(fault.errno, message) from fault
    where = made.getsockopt_string(zmq.LAST_ENDPOINT)
    return int(where.rpartition(":")[2])


def _wait(made: zmq.Socket[bytes], for_what: int, end: float, interrupt: Interrupt | None, fault: str) -> None:
    while not made.poll(max(0, min(int(SLICE * 1000), int((end - time.monotonic()) * 1000))), for_what):
        if interrupt is not None and interrupt():
            message = "the wait was ended"
            raise WaitEndedError(message)
        if time.monotonic() >= end:
            raise TimeoutError(fault)
