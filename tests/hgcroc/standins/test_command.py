import os
import subprocess

from kit.hgcroc.standins.command import TOOLS, write_tools


def test_each_tool_runs_from_any_folder_and_any_surroundings(tmp_path):
    made = write_tools(tmp_path)
    assert [path.name for path in made] == list(TOOLS) == ["daq-client", "unpack", "fracker"]
    for path in made:
        answer = subprocess.run(
            [path, "--help"], cwd="/", env={"PATH": os.environ["PATH"], "PYTHONHOME": "/nowhere"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.startswith("Usage")


def test_the_module_writes_them_where_it_is_told(python, tmp_path):
    process = python("-m", "kit.hgcroc.standins", tmp_path / "tools")
    said, _ = process.communicate(timeout=120)
    assert said.split() == [str(tmp_path / "tools" / name) for name in TOOLS]
    assert all(os.access(tmp_path / "tools" / name, os.X_OK) for name in TOOLS)
    process = python("-m", "kit.hgcroc.standins")
    assert "usage: " in process.communicate(timeout=120)[1]
    assert process.returncode == 1
