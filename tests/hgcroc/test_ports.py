import socket
import threading

from kit.hgcroc.ports import free_port, probe
from kit.hgcroc.wire import Publisher, Wire


def test_the_far_end_is_probed_before_anything_is_said():
    with Wire() as wire:
        assert probe("127.0.0.1", Publisher(wire, "127.0.0.1", 0).port, 5.0) == ""
    assert probe("127.0.0.1", free_port(), 5.0) == "refuses the connection: nothing listens there"
    assert "cannot be reached" in probe("no.such.host.invalid", 1, 5.0)


def test_a_server_of_another_kind_is_recognised():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probe("127.0.0.1", port, 0.1) == "gives no greeting in 0.1 s"

        def greet():
            server.accept()[0].close()  # the silent attempt before
            line, _ = server.accept()
            line.sendall(b"SSH-2.0")
            line.close()

        thread = threading.Thread(target=greet)
        thread.start()
        assert probe("127.0.0.1", port, 5.0) == "greets with b'S', which is not ZeroMQ"
        thread.join()
