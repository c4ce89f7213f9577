"""Scans on an emulated board, and what the board really had at its triggers."""

import numpy as np

from kit.hgcroc.measurements import Scan
from kit.hgcroc.options import AcquisitionParameters
from kit.hgcroc.resuming import FILE
from kit.hgcroc.session import Session

FOLDERS = {"0.1.2": "examples_012", "1.0.15": "examples_1015"}


def parameters(shared_data, emulator, dialect="1.0.15", procedure="small2d", **changes):
    """Return parameters of a small scan of the examples on an emulator in this process."""
    network = emulator.network(dialect)
    if dialect == "1.0.15":
        network["client"] = {"hostname": emulator.host, "port": emulator.ports["client"]}
    values = {"config": str(shared_data / "hgcroc" / FOLDERS[dialect] / "main.yaml"), "procedure": procedure}
    values |= {"network": network, "n_events": 20, "timeout": 30.0, "start_timeout": 30.0, "interactive": False}
    return AcquisitionParameters.build(values | changes)


def twins_of(p, shared_data, folder):
    """Return parameters of a scan of two points over a register that no data depend on."""
    examples = shared_data / "hgcroc" / "examples_1015"
    (folder / "main.yaml").write_text(
        f"""procedures:
- name: twins
  type: daq
  system_settings: {{default: [], init: [{examples / "init_daq.yaml"}, {examples / "init_timewalk.yaml"}]}}
  parameters: [{{key: [target, roc_s0, MasterTdc, 0, BIAS_I_CTDC_D], values: [1, 2]}}]
"""
    )
    return p.with_values(config=str(folder / "main.yaml"), procedure="twins")


def session_of(p, folder, **options):
    return Session(p, lambda _plan: folder, **options)


class Truth:
    """What the board really had: collected after each point from the emulator itself."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.states = {}

    def look(self, outcome):
        """Remember the states that the triggers of the last run found."""
        stretches = self.emulator.board.stretches
        last = [each for each in stretches if each.run == stretches[-1].run]
        self.states[outcome.point] = [self.emulator.board.state_of(each) for each in last]

    def measure(self, session, until=None):
        """Measure points and look after each; end after `until` of them."""
        count = 0
        for outcome in session.measure():
            self.look(outcome)
            count += 1
            if count == until:
                break
        return count

    def assert_stored(self, folder, points=6):
        """Assert that every stored row has the state at its triggers, register by register."""
        with Scan.open(folder / FILE) as scan:
            assert scan.summary() == {"pending": 0, "good": points, "flagged": 0, "failed": 0}
            assert sorted(self.states) == list(range(points))
            for point, states in self.states.items():
                stored = scan.states.state(point)
                for state in states:
                    wrong = np.flatnonzero((state != stored) & ~scan.table.read_only)
                    assert [scan.table.text_of(int(k)) for k in wrong] == []
