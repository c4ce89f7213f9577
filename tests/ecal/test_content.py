"""What fields of windows and of clusters begin with."""

import math

import numpy as np
import pytest


@pytest.mark.parametrize("kind", ["seed", "cluster"])
def test_et_is_energy_over_cosh_and_logarithms_are_of_one_more(made, kind):
    fields = made.window if kind == "seed" else made.cluster
    for suffix in ("", "_calib"):
        energy, et = fields[f"en_{kind}{suffix}"], fields[f"et_{kind}{suffix}"]
        assert et.tolist() == [e / math.cosh(x) for e, x in zip(energy, fields[f"{kind}_eta"], strict=True)]
        assert fields[f"et_{kind}{suffix}_log"].tolist() == [math.log(1 + x) for x in et.tolist()]
    assert (fields[f"en_{kind}_calib"] > fields[f"en_{kind}"]).mean() > 0.9


def test_positions_are_those_of_the_detector(made):
    barrel = made.cluster["cluster_iz"] == 0
    assert (np.abs(made.cluster["cluster_ieta"][barrel]) <= 85).all()
    assert (np.abs(made.cluster["cluster_eta"][barrel]) < 1.5).all()
    assert (np.sign(made.cluster["cluster_eta"]) == made.cluster["cluster_iz"])[~barrel].all()
