"""Dialect 1.0.15, asking side: what each message is and what its answer has to be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kit.hgcroc import messages
from kit.hgcroc.board.errors import NackError, RefusedError
from kit.hgcroc.board.exchange import Role
from kit.hgcroc.board.line import OUR_RUNS, Line
from kit.hgcroc.messages import MessageError, Tree, laid_over

__all__ = ["CurrentLine"]


class CurrentLine(Line):
    """The roles of a test system of dialect 1.0.15."""

    dialect = "1.0.15"

    def __init__(self, slow: Role, server: Role, client: Role | None, data_port: int) -> None:
        super().__init__(slow, server, client, data_port)
        self._settings: dict[str, Any] = {}
        self._sent: dict[str, Any] = {}

    def _slow_control(self, kind: str, args: Tree, **options: bool) -> Tree:
        request = {"type": kind, "status": "send", "read_back": False, "from_hardware": False, "args": args}
        answer = self.slow.ask(messages.dump(request | options))
        try:
            reply = _parsed(answer) if kind == "describe" else messages.as_map(answer)
        except MessageError as fault:
            raise self.slow.fault(kind, f"answers what cannot be read: {fault}") from fault
        if reply.get("type") != kind or reply.get("status") not in ("success", "error"):
            raise self.slow.fault(kind, f"answers a {reply.get('type')} with status {reply.get('status')}")
        if reply["status"] == "error":
            said = str(reply.get("errmsg", "no reason told"))
            kind_of = NackError if kind == "set" else RefusedError
            raise kind_of(self.slow.name, self.slow.address, kind, f"refuses: {said}")
        args_back = reply.get("args")
        if not isinstance(args_back, dict):
            raise self.slow.fault(kind, "answers without args")
        return args_back

    def describe(self) -> Tree:
        """Return the board's own description: its name, and ranges of all registers."""
        return self._slow_control("describe", {})

    def reset(self) -> bool:
        """Reset the chips; true, since this dialect can."""
        self._slow_control("reset", {})
        return True

    def write(self, tree: Tree) -> None:
        """Write a tree, whole or not at all."""
        self._slow_control("set", tree)

    def read(self, tree: Tree) -> Tree:
        """Return the leaves of a tree with their values in the chips."""
        return self._slow_control("get", tree, from_hardware=True)

    def initialise(self, settings: Mapping[str, Any], folder: str | None) -> None:
        """Bring server and client from any state to configured."""
        self._settings = dict(settings.get("daq") or {}) | {"zmqPushPull_port": self.data_port}
        if self.client is not None:
            client = dict(settings.get("client") or {})
            client |= {"serverIP": self.server.host, "zmqPushPull_port": self.data_port}
            self.client.expect("initialized", "initialize", messages.dump({"client": client}))
        self.server.expect("initialized", "initialize", messages.dump({"daq": self._settings}))
        if self.client is not None:
            where = {"outputDirectory": folder, "run_type": OUR_RUNS}
            self.client.expect("configured", "configure", messages.dump({"client": where}))
            self.client.expect("running", "start")
        self._sent = {}
        self.configure(settings)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Send the active menu, where it differs from what was sent last."""
        merged = laid_over(self._settings, settings.get("daq") or {})
        name = merged.get("active_menu")
        menu = (merged.get("menus") or {}).get(name)
        if not isinstance(menu, dict):
            raise self.server.fault(
                asked="configure", text=f"the settings have no menu {name!r}, which is to be active"
            )
        section = {"active_menu": name, "menus": {name: menu}}
        if section != self._sent:
            self.server.expect("configured", "configure", messages.dump({"daq": section}))
            self._sent = section

    def make_ready(self) -> None:
        """See that the server waits for a run, and that the client, started once for all runs, still listens."""
        self.server.expect("configured", "status")
        if self.client is not None:
            self.client.expect("running", "status")

    def started(self) -> bool:
        """Ask the server to start; false while the links do not align."""
        state = self.server.ask("start")
        if state not in ("running", "configured"):
            raise self.server.fault(asked="start", text=f"answers {state!r}, should be 'running'")
        return state == "running"

    def running(self) -> bool:
        """Tell whether the run goes on."""
        state = self.server.ask("status")
        if state not in ("running", "configured"):
            raise self.server.fault(asked="status", text=f"answers {state!r}, should be 'running' or 'configured'")
        return state == "running"

    def stop(self) -> None:
        """End a run."""
        self.server.expect("configured", "stop")

    def finish(self) -> None:
        """Do nothing: server and client wait for the next run."""

    def close(self) -> None:
        """Leave server and client as others expect them."""
        if self.client is not None:
            self.client.ask("stop")


@lru_cache(maxsize=2)
def _parsed(description: str) -> Tree:
    """Return a board's description, which is long and stays the same; nobody changes it."""
    return messages.as_map(description)
