import json
import signal

import pytest
import yaml
from click.testing import CliRunner

from kit.hgcroc.emulator.command import main, ports_of
from kit.hgcroc.faults import FAULTS


def test_help_teaches_options_faults_and_examples():
    text = CliRunner().invoke(main, ["--help"]).output
    for word in ("--dialect", "--ports", "--power-on", "--time-scale", "--seed", "Examples", "at_event", *FAULTS):
        assert word in text


def test_ports_are_named_or_usual():
    assert ports_of("server=6000,slow-control=5555", "current") == {"server": 6000, "slow-control": 5555}
    assert ports_of("usual", "legacy")["legacy-target"] == 5555
    assert ports_of("", "both") == {}
    for text in ("server", "server=x", "serving=1", "server=70000"):
        with pytest.raises(ValueError, match="should be ROLE=PORT"):
            ports_of(text, "both")
    with pytest.raises(ValueError, match="usual ports need one --dialect"):
        ports_of("usual", "both")


def test_it_says_when_it_is_ready_writes_the_network_file_and_ends_when_told(python, tmp_path):
    file = tmp_path / "network.yaml"
    process = python("-m", "kit.hgcroc.emulator", "--dialect", "current", "--board", "char", "--network", file)
    told = json.loads(process.stdout.readline())
    assert told["ready"]
    assert told["pid"] == process.pid
    assert told["board"] == "char"
    assert yaml.safe_load(file.read_text()) == told["networks"]["1.0.15"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("words", "fault"),
    [(["--fault", "bad_crk=1"], "did you mean bad_crc"),
     (["--fault", "bad_crc=2"], "should be a probability"),
     (["--ports", "nothing"], "should be ROLE=PORT"),
     (["--power-on", "missing.yaml"], "missing.yaml"),
     (["--network", "x.yaml"], "needs one --dialect")],
)  # fmt: skip
def test_what_cannot_be_is_one_line_and_a_status(words, fault):
    before = signal.getsignal(signal.SIGTERM)
    answer = CliRunner().invoke(main, words)
    assert signal.getsignal(signal.SIGTERM) is before
    assert answer.exit_code != 0
    assert fault in answer.output.splitlines()[-1]
