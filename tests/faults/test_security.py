"""What others send is data: nothing of it becomes code, leaves its folder, or is heard beyond this computer."""

import ast
import io
import re
import tarfile
from pathlib import Path

import pytest

from kit.files import FormatError
from kit.parameters import ParameterError, read_yaml

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = sorted((PROJECT / "kit").rglob("*.py"))
SAFE_LOADERS = {"_Loader", "wording.Loader", "Loader", "yaml.BaseLoader if _is_word(item) else Loader"}
# the one place that runs source: it has written all of it
ALLOWED = {("kit/native.py", "exec")}
CODE = {"eval", "exec", "compile", "__import__"}
PICKLERS = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}


def calls():
    for path in SOURCES:
        name = str(path.relative_to(PROJECT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield name, node, ast.unparse(node.func)


def test_no_string_of_others_becomes_code():
    found = {(name, called) for name, _, called in calls() if called in CODE} - ALLOWED
    assert found == set()


def test_nothing_is_unpickled():
    imported = {
        (path.name, alias.name)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
        if alias.name.partition(".")[0] in PICKLERS
    }
    assert imported == set()
    for name, node, called in calls():
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called in ("np.load", "numpy.load", "np.savez", "np.savez_compressed", "np.save"):
            assert words.get("allow_pickle", "False") == "False", name
        assert called not in ("pd.read_pickle", "pandas.read_pickle", "torch.load"), name


def test_yaml_is_loaded_by_safe_loaders_alone():
    for name, node, called in calls():
        if called == "yaml.load":
            loader = next(ast.unparse(word.value) for word in node.keywords if word.arg == "Loader")
            assert loader in SAFE_LOADERS, name
        assert called not in ("yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "yaml.unsafe_load_all"), name


def test_the_loaders_that_are_called_safe_are():
    import yaml

    from kit import wording
    from kit.hgcroc import messages
    from kit.hgcroc.planning import documents

    evil = "!!python/object/apply:os.system ['touch evil']"
    for loader in (wording.Loader, documents._Loader, messages._Loader):
        assert issubclass(loader, yaml.SafeLoader | yaml.CSafeLoader)
        with pytest.raises(yaml.YAMLError, match="could not determine a constructor"):
            yaml.load(evil, Loader=loader)
    assert not Path("evil").exists()


def test_a_parameter_file_of_others_is_data(tmp_path):
    path = tmp_path / "evil.yaml"
    path.write_text("x: !!python/object/apply:os.system ['touch evil']\n")
    with pytest.raises(ParameterError, match=r"evil\.yaml:1: could not determine a constructor"):
        read_yaml(path)
    assert not Path("evil").exists()


def test_a_notebook_of_others_is_looked_at_without_running_it(make_notebook, kit):
    notebook = make_notebook(
        "evil.ipynb",
        ("parameters", "x = 1\ny = open('evil', 'w')\nz = __import__('os').system('touch evil')"),
        "1 / 0",
    )
    answer = kit("run", str(notebook), "--dry-run")
    assert answer.status == 0
    assert not Path("evil").exists()


def test_no_command_goes_through_a_shell():
    for name, node, called in calls():
        assert called not in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"), name
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        assert words.get("shell", "False") == "False", name


def test_nothing_is_unpacked_to_the_paths_of_an_archive():
    for name, node, called in calls():
        if called.endswith((".extractall", ".unpack_archive")) or (
            called.endswith(".extract") and "tar" in called
        ):
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert words.get("filter") == "'data'", name


EVIL_NAMES = ["../evil", "/tmp/kit_evil", "a/../../evil", "a/./../../evil", "link/evil"]


def test_an_archive_of_windows_is_read_and_never_unpacked(tmp_path):
    from kit.ecal.features import read_features
    from kit.ecal.ndjson_reading import read_lines

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in EVIL_NAMES:
            entry = tarfile.TarInfo(name)
            entry.size = 2
            archive.addfile(entry, io.BytesIO(b"[]"))
    path = tmp_path / "deep" / "windows.ndjson.tar.gz"
    path.parent.mkdir()
    path.write_bytes(stream.getvalue())
    with pytest.raises(FormatError, match="should be a window"):
        list(read_lines(path, read_features(), 11))
    assert [str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")] == [
        "deep",
        "deep/windows.ndjson.tar.gz",
    ]


@pytest.mark.parametrize("name", ["../../evil.root", "/etc/evil.root", "a/../../evil.root", "", "..", "a/.."])
def test_a_download_stays_in_its_folder_whatever_its_address_says(name):
    from kit.opendata.listings import place

    with pytest.raises(FormatError, match="is no place below"):
        place(f"root://eospublic.cern.ch//eos/opendata/{name}")


def test_sockets_listen_to_this_computer_alone():
    wide = re.compile(r"""["'](0\.0\.0\.0|\*|::)["']|tcp://(\*|0\.0\.0\.0)""")
    for path in SOURCES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if (
                wide.search(line)
                and "{port or" not in line
                and ("bind" in line or "host" in line or "listen" in line)
            ):
                pytest.fail(f"{path.relative_to(PROJECT)}:{number}: {line.strip()}")


def test_an_emulated_board_listens_to_this_computer_alone(python):
    process = python("-m", "kit.hgcroc.emulator", "--help")
    out, _ = process.communicate(timeout=60)
    assert re.search(r"--host.*\n?.*127\.0\.0\.1", out)


def test_no_secret_of_the_environment_goes_into_a_manifest(tmp_path, monkeypatch):
    from kit.opendata.events import EventParameters
    from kit.run import Run

    for name in ("KRB5CCNAME", "X509_USER_PROXY", "BEARER_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "/tmp/s3cret")
    with Run("opendata/events", EventParameters(output=str(tmp_path / "run"), interactive=False)) as run:
        run.summary = {}
    assert "s3cret" not in (tmp_path / "run" / "manifest.json").read_text()


def test_what_workers_are_told_holds_no_secret_of_the_environment(launched, toy, monkeypatch):
    monkeypatch.setenv("BEARER_TOKEN", "s3cret")
    monkeypatch.setenv("KRB5CCNAME", "FILE:/tmp/krb5cc_s3cret")
    status = launched(toy, {"grid": {"x": [1.0]}}, dry_run=True)
    texts = [path for path in status.run.directory.rglob("*") if path.is_file()]
    assert texts
    assert [path.name for path in texts if b"s3cret" in path.read_bytes()] == []
