"""Progress goes through the starter's proxy, and a silent proxy harms nobody."""

import socket
import threading

import pytest

from kit.batch.worker.chirp import Chirp


@pytest.fixture
def proxy(tmp_path):
    """Return what a proxy on the wire has heard; it answers each line by 0, as HTCondor's does."""
    server = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    heard.append(line.decode().rstrip("\n"))
                    connection.sendall(b"0\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    (tmp_path / ".chirp.config").write_text(f"127.0.0.1 {server.getsockname()[1]} secret")
    yield heard
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_a_line_goes_out_with_cookie_and_escaped_blanks(tmp_path, proxy):
    Chirp(tmp_path).say("progress 000120 3/10 1")
    assert proxy == ["cookie secret", "ulog progress\\ 000120\\ 3/10\\ 1"]


def test_the_next_line_waits_unless_it_is_the_last(tmp_path, proxy):
    chirp = Chirp(tmp_path)
    for text in ("one", "two"):
        chirp.say(text)
    chirp.say("three", at_once=True)
    assert [line for line in proxy if line.startswith("ulog")] == ["ulog one", "ulog three"]


@pytest.mark.parametrize("config", [None, "", "nonsense", "127.0.0.1 1 cookie", "127.0.0.1 x y"])
def test_no_proxy_is_no_fault(tmp_path, config):
    if config is not None:
        (tmp_path / ".chirp.config").write_text(config)
    Chirp(tmp_path).say("progress")
