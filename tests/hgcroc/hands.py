"""What tests share: parameters on an emulated board, clicks, and files that may not grow."""

import contextlib
import resource

from kit.hgcroc.options import AcquisitionParameters
from tests.conftest import PROJECT

CLICK = {"event": "click"}
CONFIG = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "main.yaml")


def parameters_on(emulator=None, **changes):
    """Return parameters of the scans that come with the project, on an emulator in this process."""
    network = {} if emulator is None else {"network": emulator.network("1.0.15")}
    return AcquisitionParameters.build({"config": CONFIG, "n_events": 10, "timeout": 20.0} | network | changes)


def control(widget, words):
    """Return the control with this description."""
    for child in getattr(widget, "children", ()):
        if getattr(child, "description", None) == words:
            return child
        if (found := control(child, words)) is not None:
            return found
    return None


def click(panel, words):
    """Click a button, as a front end tells it."""
    control(panel, words)._handle_custom_msg(CLICK, [])


@contextlib.contextmanager
def longest_file(size):
    """Let no file grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
