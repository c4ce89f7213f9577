"""Object code: what it may call, and that it is tried before it is kept."""

import pytest

from kit import compiled, native
from tests.test_compiled import SIGNATURES, loops

__all__ = ["loops"]


def test_object_code_that_another_process_cannot_load_serves_this_one_alone(loops, monkeypatch):
    monkeypatch.setattr(native, "_can_be_loaded", lambda _: False)
    assert compiled.load(SIGNATURES)
    assert not compiled.is_kept(SIGNATURES)


def test_code_that_calls_what_nobody_can_supply_is_not_kept(loops):
    source = (loops / "sample_loops.py").read_text()
    allocating = source.replace("    sum = 0.0\n", "    sum = np.zeros(table.shape[0]).sum()\n")
    (loops / "sample_loops.py").write_text("import numpy as np\n" + allocating)
    total = {"sample_loops:total": SIGNATURES["sample_loops:total"]}
    assert compiled.load(total)
    assert not compiled.is_kept(total)


def test_rubbish_does_not_pass_the_trial(tmp_path):
    (tmp_path / "bad.o").write_bytes(b"no object code")
    assert not native._can_be_loaded(tmp_path / "bad.o")


def test_the_processor_is_named():
    name, features = native.processor()
    assert name
    assert "+" in features


@pytest.mark.parametrize("name", ["memset", "memcpy", "floor"])
def test_the_c_library_is_at_hand(name):
    import llvmlite.binding as llvm

    native._supply_symbols()
    assert llvm.address_of_symbol(name)
