"""Every stage under everything that can happen to it from outside: right after a rerun, or refused in words."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.faults.disturbances import DISTURBANCES, small_disk
from tests.faults.places import found_stages

STAGES = found_stages()
QUICK = {  # of these, none needs more than Python: no mount, no compiler
    ("killed", "opendata/events"),
    ("Ctrl-C", "opendata/events"),
    ("terminated", "mu2e/yields"),
    ("file size limited", "smartpixels/convolution"),
    ("started twice", "opendata/events"),
}
NEEDS_MOUNT = ("disk full", "output read-only", "output becomes read-only")


def cells():
    for disturbance in DISTURBANCES:
        for notebook in STAGES:
            marks = [] if (disturbance.name, notebook.stage) in QUICK else [pytest.mark.slow]
            yield pytest.param(disturbance, notebook, marks=marks, id=f"{disturbance.name}-{notebook.stage}")


@pytest.mark.parametrize(("disturbance", "notebook"), list(cells()))
def test_a_disturbed_run_is_right_after_a_rerun_or_says_why_not(
    disturbance, notebook, bench, request, record_property
):
    if disturbance.name in NEEDS_MOUNT and not can_mount():
        pytest.skip("only root can mount a small file system, and not in every container")
    if disturbance.name == "clock jumps" and not bench.clock:
        pytest.skip("no C compiler to make the clock with")
    slow, option = request.config.getoption("--slow"), request.config.getoption
    doors = [option("--door", None)] if option("--door", None) else ["cells", "command"][: 1 + slow]
    faults = []
    for door in doors:
        for seed in range(option("--seeds", 1)):
            for verdict in bench.cell(notebook, disturbance, door, seed):
                word = "wrong" if verdict.faults else verdict.word
                record_property("fault", (disturbance.name, notebook.stage, word, verdict.said))
                faults += [f"{door}, seed {seed}: {fault}" for fault in verdict.faults]
    assert not faults, "\n".join(faults)


@functools.cache
def can_mount():
    """Tell whether this process may mount: root may, but not in every container."""
    if os.geteuid() or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder) / "disk", 64):
                return True
        except subprocess.CalledProcessError:
            return False
