"""What others send is data: nothing of it becomes code, leaves its folder, or is heard beyond this computer."""

import ast
import functools
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


@functools.cache
def nodes():
    """Return all calls and imports of the kit, each with the name of its file."""
    return [
        (str(path.relative_to(PROJECT)), node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Import | ast.ImportFrom)
    ]


@functools.cache
def calls():
    """Return every call: the path of its file, its node, what is called."""
    return [(name, node, ast.unparse(node.func)) for name, node in nodes() if isinstance(node, ast.Call)]


def test_no_string_of_others_becomes_code():
    found = {(name, called) for name, _, called in calls() if called in CODE} - ALLOWED
    assert found == set()


def test_nothing_is_unpickled():
    imported = {
        (name, alias.name)
        for name, node in nodes()
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


SECRETS = {
    "KRB5CCNAME": "FILE:/tmp/krb5cc_s3cret",
    "X509_USER_PROXY": "/tmp/x509_s3cret",
    "BEARER_TOKEN": "s3cret",
    "BEARER_TOKEN_FILE": "/tmp/bt_s3cret",
    "AWS_ACCESS_KEY_ID": "AKIAs3cret",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
    "JUPYTERHUB_API_TOKEN": "s3cret",
    "MY_PASSWORD": "s3cret",
}


@pytest.fixture
def secretive(monkeypatch):
    """Put secrets into the environment, and return a function that tells which files below a folder hold one."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def telling(folder):
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        assert len(paths) > 1
        return [str(path.relative_to(folder)) for path in paths if b"s3cret" in path.read_bytes()]

    return telling


def test_no_secret_of_the_environment_is_written_by_a_run(toy, kit, secretive, tmp_path):
    good, bad = kit("run", toy), kit("run", toy, "-p", "limit=0.5")
    assert (good.status, bad.status) == (0, 1)
    assert len(list(tmp_path.glob("outputs/**/manifest.json"))) == 2
    assert secretive(tmp_path) == []
    assert "s3cret" not in "".join([*good[1:], *bad[1:]])


def test_no_secret_of_the_environment_is_written_by_a_submission(toy, kit, secretive, tmp_path):
    options = ("--profile", "local", "--workers", "2", "--no-try-first", "--per-job", "2")
    done = kit("submit", toy, "--over", "x=1,2,3", "-p", "limit=2.5", *options)
    assert "1 failed" in done.out + done.err
    (run,) = tmp_path.glob("outputs/**/submission.json")
    told = [kit(*words) for words in (("collect", run.parent), ("why", run.parent, "2"), ("report", run.parent))]
    assert list(tmp_path.glob("outputs/**/toy.ipynb"))
    assert secretive(tmp_path) == []
    assert "s3cret" not in "".join(text for answer in (done, *told) for text in answer[1:])


@pytest.mark.parametrize("words", [("run",), ("submit", "--profile", "local"), ("plan",)])
@pytest.mark.parametrize("address", ["https://me:s3cret@host/f.root", "root://host//f.root?authz=s3cret"])
def test_an_address_with_a_secret_is_refused_before_anything_is_written(
    make_notebook, kit, tmp_path, words, address
):
    notebook = make_notebook(
        "notebooks/beam/read.ipynb", ("parameters", "inputs: list[str] = []  # files"), "inputs"
    )
    given = ("-p" if words == ("run",) else "--over", f"inputs={address}")
    answer = kit(words[0], notebook, *given, *words[1:])
    assert answer.status != 0
    assert "whose secret would be in manifests" in answer.err
    assert "s3cret" not in answer.out + answer.err
    assert not (tmp_path / "outputs").exists()
