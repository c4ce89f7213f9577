"""Ports of a computer: whether ZeroMQ speaks behind one, and which are free."""

from __future__ import annotations

import socket

__all__ = ["free_port", "probe"]

GREETING = b"\xff"  # first byte that a ZeroMQ peer sends, by itself (ZMTP 3.1, section 3.2)


def probe(host: str, port: int, timeout: float) -> str:
    """Return what is wrong with the far end of an address, in words, or nothing if ZeroMQ speaks there."""
    try:
        with socket.create_connection((host, port), timeout=timeout) as line:
            line.settimeout(timeout)
            first = line.recv(1)
    except ConnectionRefusedError:
        return "refuses the connection: nothing listens there"
    except TimeoutError:
        return f"gives no greeting in {timeout:g} s"
    except OSError as fault:
        return f"cannot be reached: {fault.strerror or fault}"
    return "" if first == GREETING else f"greets with {first!r}, which is not ZeroMQ"


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nothing listens on now."""
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])
