import h5py
import numpy as np
import pytest

from kit.hgcroc.compound_table import EVENT_TYPE, SUMMARY_TYPES, type_of, write_table


def test_parts_follow_each_other_in_the_order_and_types_of_the_columns(tmp_path):
    types = {"chip": SUMMARY_TYPES["chip"], "adc_mean": SUMMARY_TYPES["adc_mean"], "Calib": type_of(4095)}
    parts = [
        {"chip": np.arange(3), "Calib": np.full(3, k), "adc_mean": np.full(3, 0.5), "more": 1} for k in range(4)
    ]
    assert write_table(tmp_path / "t.h5", types, parts, 3) == 12
    with h5py.File(tmp_path / "t.h5") as file:
        table = file["data/measurements"]
        assert table.dtype == np.dtype([("chip", "<i4"), ("adc_mean", "<f4"), ("Calib", "<i2")])
        assert table["Calib"].tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
        assert (table["adc_mean"] == 0.5).all()
        assert table.compression == "gzip"
        assert table.attrs["CLASS"] == b"TABLE"
        assert table.attrs["FIELD_2_NAME"] == b"Calib"


def test_no_level_means_no_compression(tmp_path):
    write_table(tmp_path / "t.h5", {"adc": EVENT_TYPE}, [{"adc": np.arange(5)}], 0)
    with h5py.File(tmp_path / "t.h5") as file:
        assert file["data/measurements"].compression is None


@pytest.mark.parametrize(
    ("highest", "bits"), [(1, 8), (127, 8), (128, 16), (32767, 16), (32768, 32), (2**31, 64), (2**36 - 1, 64)]
)
def test_registers_have_the_narrowest_signed_type_that_holds_them(highest, bits):
    assert type_of(highest) == np.dtype(f"i{bits // 8}")


def test_a_table_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(KeyError):
        write_table(tmp_path / "t.h5", {"adc": EVENT_TYPE}, [{"adcm": np.arange(5)}], 0)
    assert list(tmp_path.iterdir()) == []
