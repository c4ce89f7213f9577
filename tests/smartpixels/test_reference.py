"""The plain loop that the stage is held against is itself held against the original's printed text."""

import numpy as np
import pytest

from tests.smartpixels import reference


@pytest.fixture(scope="module")
def base(shared_data):
    folder = shared_data / "smartpixels"
    charges, pulses = reference.read_pulses(reference.read_text(folder / "pulses28.csv.gz"))
    _, clusters = reference.read_clusters(reference.read_text(folder / "base3_in.out.gz"))
    return charges, pulses, clusters, np.load(folder / "base3_float_ref.npz")


def responses(base, options):
    charges, pulses, clusters, _ = base
    templates = [reference.template(times, values, options) for times, values in pulses]
    return np.array([reference.respond(cluster, charges, templates, options) for cluster in clusters])


def test_it_prints_what_the_original_printed(shared_data):
    folder = shared_data / "smartpixels"
    text = reference.convolve_text(
        reference.read_text(folder / "base3_in.out.gz"), reference.read_text(folder / "pulses28.csv.gz")
    )
    assert text == reference.read_text(folder / "base3_expected.out.gz")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (reference.Options(), "mV"),
        (reference.Options(t0_fix=True), "mV_t0fix"),
        (reference.Options(template_by="peak"), "mV_peak"),
    ],
)
def test_its_voltages_are_the_published_ones(base, options, name):
    np.testing.assert_allclose(responses(base, options), base[3][name], rtol=0, atol=1e-9)


def test_its_templates_span_the_whole_pulse(base):
    _, pulses, _, arrays = base
    templates = [reference.template(times, values, reference.Options()) for times, values in pulses]
    assert {len(values) for values in templates} == {32349}
    np.testing.assert_allclose([values[:601] for values in templates], arrays["V601"], rtol=1e-12)


def test_coarse_slices_drawn_out_give_the_published_sum(base):
    charges, pulses, clusters, arrays = base
    coarse = [reference.PlainCluster(one.metadata, one.tags[19::20], one.charge[:, :, 19::20]) for one in clusters]
    options = reference.Options(resample="linear")
    voltage = responses((charges, pulses, coarse, arrays), options)
    assert voltage.sum() == pytest.approx(33849.02966, abs=1e-5)
    assert abs(voltage - arrays["mV_t0fix"]).max() < 0.88
