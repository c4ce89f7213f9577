"""Dialect 0.1.2, asking side: what each message is and what its answer has to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.hgcroc import messages
from kit.hgcroc.board.errors import NackError, RefusedError
from kit.hgcroc.board.exchange import Role
from kit.hgcroc.board.line import OUR_RUNS, Line
from kit.hgcroc.messages import MessageError, Tree

__all__ = ["LegacyLine"]

CONFIGURED = ("Configured", "ROC(s) CONFIGURED\n...\n")


class LegacyLine(Line):
    """The roles of a test system of dialect 0.1.2."""

    dialect = "0.1.2"

    def __init__(self, slow: Role, server: Role, client: Role | None, data_port: int) -> None:
        super().__init__(slow, server, client, data_port)
        self._client_settings: dict[str, Any] = {}
        self._sent = ""

    def _settings(self, role: Role, command: str, settings: str) -> str:
        """Send a command and then what it takes; return the second answer."""
        ready = role.ask(command)
        if "ready" not in ready.lower():
            raise role.fault(command, f"answers {ready!r}, should be 'ReadyForConfig'")
        return role.ask(settings)

    def describe(self) -> None:
        """Return None: this dialect cannot tell."""

    def reset(self) -> bool:
        """Return false: this dialect has no reset."""
        return False

    def write(self, tree: Tree) -> None:
        """Write a tree, whole or not at all."""
        answer = self._settings(self.slow, "configure", messages.dump(tree))
        if answer not in CONFIGURED:
            raise NackError(self.slow.name, self.slow.address, "configure", f"refuses: {answer.strip()}")

    def read(self, tree: Tree) -> Tree:
        """Return the leaves of a tree with their values in the chips."""
        answer = self._settings(self.slow, "read", messages.dump(tree))
        if answer.startswith("Error"):
            raise RefusedError(self.slow.name, self.slow.address, "read", f"refuses: {answer}")
        try:
            return messages.as_map(answer)
        except MessageError as fault:
            raise self.slow.fault(asked="read", text=f"answers what cannot be read: {fault}") from fault

    def initialise(self, settings: Mapping[str, Any], folder: str | None) -> None:
        """Bring server and client from any state to configured."""
        client = dict(settings.get("client") or {})
        client |= {"serverIP": self.server.host, "data_push_port": self.data_port}
        self._client_settings = client | {"outputDirectory": folder, "run_type": OUR_RUNS}
        self._sent = ""
        if self.client is not None:
            self._configure_role(self.client, {"global": self._client_settings})
        self.configure(settings)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Send the server's settings, always complete, where they differ from what was sent last."""
        # the original programs write this port as text, and the server is used to that
        server = dict(settings.get("server") or {}) | {"zmqPushPull_port": str(self.data_port)}
        text = messages.dump({"daq": server})
        if text != self._sent:
            self._sent = ""
            self._configure_role(self.server, {"daq": server})
            self._sent = text

    def _configure_role(self, role: Role, settings: Mapping[str, Any]) -> None:
        answer = self._settings(role, "configure", messages.dump(settings))
        if answer != "Configured":
            raise role.fault(asked="configure", text=f"answers {answer.strip()!r}, should be 'Configured'")

    def make_ready(self) -> None:
        """Start the client, which this dialect wants before every run."""
        if self.client is not None:
            answer = self.client.ask("start")
            if "running" not in answer.lower():
                raise self.client.fault(asked="start", text=f"answers {answer!r}, should be 'Data puller running'")

    def started(self) -> bool:
        """Ask the server to start; false while the links do not align."""
        state = self.server.ask("start")
        if state.startswith("Error"):
            raise self.server.fault(asked="start", text=f"refuses: {state}")
        return "running" in state.lower()

    def running(self) -> bool:
        """Tell whether the run goes on."""
        answer = self.server.ask("run_done")
        if answer.startswith("Error"):
            raise self.server.fault(asked="run_done", text=f"refuses: {answer}")
        return "notdone" in answer

    def stop(self) -> None:
        """End a run."""
        self.server.expect("Stopped", "stop")
        if self.client is not None:
            self.client.expect("Data puller stopped", "stop")

    def finish(self) -> None:
        """Stop server and client, which this dialect wants after every run."""
        self.stop()

    def close(self) -> None:
        """Do nothing: all has been stopped after the last run."""
