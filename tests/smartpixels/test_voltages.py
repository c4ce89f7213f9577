"""From charge to voltage: the published numbers, the plain loop's text, and the laws of a linear amplifier."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kit.files import FormatError
from kit.smartpixels.amplifier import Templates, measured_templates, model_template
from kit.smartpixels.engine import NUMPY, compiled_engine
from kit.smartpixels.options import AmplifierParameters, ClusterParameters
from kit.smartpixels.pixelav import cluster_text
from kit.smartpixels.printing import TextWriter
from kit.smartpixels.pulses import ELECTRON_CHARGE, read_pulses
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.twins import NEGATIVE_ZERO
from kit.smartpixels.voltages import Amplifier
from tests.smartpixels import reference, samples


def responses(path, amplifier, engine, **values):
    """Return the voltages of all clusters of a file, shape (clusters, rows, columns, steps), and their tenths."""
    p = ClusterParameters(clusters=[path], **{"resample": "linear", **values})
    found, tenths = [], []
    with ClusterFile(path, p, engine=engine) as source:
        for block in source.blocks():
            voltages = amplifier.respond(block, engine)
            shape = len(block), -1, block.layout.rows, block.layout.columns
            found.append(block.dense(voltages.values).reshape(shape))
            tenths.append(block.dense(voltages.tenths).reshape(shape))
    return np.moveaxis(np.concatenate(found), 1, 3), np.moveaxis(np.concatenate(tenths), 1, 3)


def measured(pulses, **values):
    p = AmplifierParameters(**values)
    return Amplifier(measured_templates(read_pulses(str(pulses), p), p), p, resample=True)


@pytest.fixture
def case(base3):
    return str(base3 / "base3_in.out.gz"), base3 / "pulses28.csv.gz", np.load(base3 / "base3_float_ref.npz")


def test_the_reference_case_is_that_of_the_original(case, engine):
    path, pulses, wanted = case
    found, tenths = responses(path, measured(pulses), engine)
    assert abs(found - wanted["mV"]).max() < 1e-9
    assert found.sum() == pytest.approx(33664.67114894875, abs=1e-6)
    assert found.sum(axis=(1, 2, 3)) == pytest.approx([14568.57655, 10845.00099, 8251.09361], abs=1e-5)
    assert found[0].sum(axis=(0, 1))[[10, 25, 30]] == pytest.approx([345.21240, 762.84546, 846.25754], abs=1e-5)
    assert found[0, 5, 9][[10, 25, 30]] == pytest.approx([40.65792, 91.81915, 102.30801], abs=1e-5)
    assert found.max() == pytest.approx(304.96675, abs=1e-5)
    assert np.unravel_index(found.argmax(), found.shape) == (2, 3, 10, 30)
    assert found.min() == pytest.approx(-3.44949, abs=1e-5)
    assert np.unravel_index(found.argmin(), found.shape) == (1, 10, 10, 5)
    assert (tenths == NEGATIVE_ZERO).sum() == 803
    printed = np.where(tenths == NEGATIVE_ZERO, 0, tenths) / 10
    assert printed.sum() == pytest.approx(33663.7, abs=1e-6)


def test_charge_is_conserved_where_time_begins_at_zero(case, engine):
    path, pulses, wanted = case
    found, _ = responses(path, measured(pulses, t0_fix=True), engine)
    assert abs(found - wanted["mV_t0fix"]).max() < 1e-9
    assert found.sum() == pytest.approx(33914.76431770242, abs=1e-6)
    assert found[0, 12, 9, 30] == pytest.approx(76.09460, abs=1e-5)
    assert abs(found - wanted["mV"]).max() == pytest.approx(4.25434, abs=1e-5)


def test_the_peak_chooses_other_templates(case, engine):
    path, pulses, wanted = case
    amplifier = measured(pulses, template_by="peak")
    found, _ = responses(path, amplifier, engine)
    assert abs(found - wanted["mV_peak"]).max() < 1e-9
    assert found.sum() == pytest.approx(33505.00553131377, abs=1e-6)
    final, peak = (wanted[name].ravel() for name in ("template_final", "template_peak"))
    charge = wanted["q"].reshape(-1, 400)
    loops = np.empty(len(charge), np.int64)
    engine.choose(np.ascontiguousarray(charge.max(axis=1)), amplifier.templates.charges, loops)
    np.testing.assert_array_equal(loops, peak)
    engine.choose(np.ascontiguousarray(charge[:, -1]), amplifier.templates.charges, loops)
    np.testing.assert_array_equal(loops, final)
    assert (final != peak).sum() == 25
    assert len(set(final.tolist())) == 19


def test_coarse_slices_drawn_out_come_near(case, engine, tmp_path):
    path, pulses, wanted = case
    _, clusters = reference.read_clusters(reference.read_text(Path(path)))
    coarse = [samples.flat(one.charge[:, :, 19::20], step=200.0) for one in clusters]
    drawn = samples.write(tmp_path, b"".join(map(cluster_text, coarse)))
    found, _ = responses(drawn, measured(pulses), engine)
    assert found.sum() == pytest.approx(33849.02966, abs=1e-5)
    assert abs(found - wanted["mV_t0fix"]).max() < 0.88


def printed(path, amplifier, engine, folder, **values):
    p = ClusterParameters(clusters=[path], **values)
    with (
        ClusterFile(path, p, amplifier.templates.step, engine) as source,
        TextWriter(folder / "out", source.header, amplifier.steps, 200, compression=0, lenient=p.compat) as writer,
    ):
        for block in source.blocks():
            writer.write(amplifier.respond(block, engine), engine)
    return (folder / "out").read_text()


def test_the_text_of_the_reference_case_is_the_originals(case, engine, tmp_path, base3):
    path, pulses, _ = case
    wanted = reference.read_text(base3 / "base3_expected.out.gz")
    assert printed(path, measured(pulses), engine, tmp_path) == wanted


OPTIONS = [
    ({}, {}),
    ({"t0_fix": True}, {"t0_fix": True}),
    ({"template_by": "peak"}, {"template_by": "peak"}),
    ({"kernel_origin": "pulse_start"}, {"kernel_origin": "pulse_start"}),
    ({"window": 9.0}, {"window": 9000}),
    ({"kernel_step": 20, "t0_fix": True}, {"kernel_step": 20, "t0_fix": True, "resample": "linear"}),
]
ARRAYS = [(13, 21, 400, 10.0), (16, 16, 80, 50.0), (32, 32, 20, 200.0), (192, 48, 20, 200.0)]


@pytest.mark.parametrize(("kit_options", "plain_options"), OPTIONS, ids=lambda o: "-".join(o) or "as the original")
def test_every_option_prints_what_the_plain_loop_prints(
    tmp_path, engine, pulses, pulses_text, kit_options, plain_options
):
    amplifier = measured(pulses, **samples.SHORT, **kit_options)
    text = samples.text_of(samples.clusters(2)).decode()
    wanted = reference.convolve_text(text, pulses_text, reference.Options(pulse_end=60.0, **plain_options))
    path = samples.write(tmp_path, text.encode())
    assert printed(path, amplifier, engine, tmp_path, resample="linear") == wanted


@pytest.mark.parametrize("shape", ARRAYS, ids=lambda shape: "x".join(map(str, shape[:3])))
def test_every_array_and_step_prints_what_the_plain_loop_prints(tmp_path, engine, pulses, pulses_text, shape):
    of = samples.sensor(*shape)
    text = samples.text_of(samples.clusters(1, of), of).decode()
    linear = "linear" if shape[3] != 10 else "refuse"
    options = reference.Options(pulse_end=60.0, resample=linear)
    wanted = reference.convolve_text(text, pulses_text, options)
    amplifier = measured(pulses, **samples.SHORT)
    assert printed(samples.write(tmp_path, text.encode()), amplifier, engine, tmp_path, resample=linear) == wanted


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=st.sampled_from([(13, 21), (16, 16), (32, 32), (5, 7)]),
    step=st.sampled_from([(10, 400), (10, 37), (50, 80), (200, 20), (125, 5)]),
    seed=st.integers(0, 2**32 - 1),
    t0_fix=st.booleans(),
    template_by=st.sampled_from(["final", "peak"]),
    kernel_origin=st.sampled_from(["first_sample", "pulse_start"]),
    window=st.sampled_from([0.2, 6.0, 8.4]),
)
def test_all_options_together_print_what_the_plain_loop_prints(
    tmp_path, pulses, pulses_text, array, step, seed, t0_fix, template_by, kernel_origin, window
):
    """Charge of any kind: noise, steps, constants, empty pixels, and mostly nothing."""
    generator = np.random.default_rng(seed)
    (rows, columns), (step, slices) = array, step
    charge = np.zeros((rows, columns, slices))
    for _ in range(12):
        pixel = generator.integers(rows), generator.integers(columns)
        rise = generator.integers(0, slices, 2)
        charge[pixel][rise.min() :] += generator.normal(0, 900)
        charge[pixel][: rise.max()] += generator.normal(0, 60, rise.max())
    charge = np.round(charge, generator.integers(0, 2)) * generator.choice([1, -1])
    text = cluster_text(samples.flat(charge, step=float(step))).decode()
    linear = "linear" if step != 10 else "refuse"
    chosen = {"t0_fix": t0_fix, "template_by": template_by, "kernel_origin": kernel_origin}
    options = reference.Options(pulse_end=60.0, resample=linear, window=round(1000 * window), **chosen)
    wanted = reference.convolve_text(text, pulses_text, options)
    amplifier = measured(pulses, **samples.SHORT, window=window, **chosen)
    path = samples.write(tmp_path, text.encode())
    for loops in (NUMPY, compiled_engine()):
        assert printed(path, amplifier, loops, tmp_path, resample=linear) == wanted


def test_decimals_that_are_no_tenths_print_what_the_plain_loop_prints(tmp_path, engine, pulses, pulses_text):
    text = samples.text_of(samples.clusters(1)).decode().replace(".1 ", ".125 ").replace(" 2.0", " 2.0625e0")
    wanted = reference.convolve_text(text, pulses_text, reference.Options(pulse_end=60.0))
    assert (
        printed(samples.write(tmp_path, text.encode()), measured(pulses, **samples.SHORT), engine, tmp_path)
        == wanted
    )


charges = hnp.arrays(
    np.int64, (2, 3, 12), elements=st.one_of(st.just(0), st.integers(-40, 40), st.integers(-9000, 9000))
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tenths=charges, constant=st.lists(st.integers(0, 5)), t0_fix=st.booleans())
def test_ties_and_the_sign_of_zero_are_those_of_the_plain_loop(tmp_path, tenths, constant, t0_fix):
    """A template of few binary digits puts many sums right on a tie or on zero."""
    flat = tenths.reshape(6, 12)
    for pixel in constant:
        flat[pixel] = flat[pixel, 0]
    text = cluster_text(samples.flat(tenths / 10)).decode()
    scale = 0.05 / (1000 * ELECTRON_CHARGE * 0.05)
    samples_of_it = np.zeros(40)  # longer than the charge, as all pulses are
    samples_of_it[:10] = np.array([0, 0, 1, 2, 2, 1, 0, 0, -1, -1]) * scale
    p = AmplifierParameters(window=0.12, output_step=20, t0_fix=t0_fix)
    amplifier = Amplifier(Templates(np.zeros(1), samples_of_it[None], 10), p)
    options = reference.Options(window=120, output_step=20, t0_fix=t0_fix)
    _, (cluster,) = reference.read_clusters(text)
    voltage = reference.respond(cluster, [0.0], [samples_of_it], options)
    doubtful = abs(abs(voltage) * 10 % 1 - 0.5) < 1e-9
    assume(not (doubtful & (abs(voltage) > 1e-9)).all())
    wanted = reference.cluster_text(cluster.metadata, voltage, options)
    path = samples.write(tmp_path, text.encode())
    for loops in (NUMPY, compiled_engine()):
        values = ClusterParameters(clusters=[path])
        with (
            ClusterFile(path, values, 10, loops) as source,
            TextWriter(tmp_path / "out", [], 7, 20, compression=0) as writer,
        ):
            for block in source.blocks():
                writer.write(amplifier.respond(block, loops), loops)
        assert (tmp_path / "out").read_text().splitlines() == wanted


def laws(pulses, charge, engine, folder, **values):
    """Return the voltage of one cluster of charge."""
    path = samples.write(folder, cluster_text(samples.flat(charge)))
    return responses(path, measured(pulses, **samples.SHORT, **values), engine)


def test_zero_in_is_zero_out(tmp_path, engine, pulses):
    found, tenths = laws(pulses, np.zeros((2, 3, 40)), engine, tmp_path)
    assert not found.any()
    assert not tenths.any()


def test_a_pixel_whose_charge_never_changes_prints_plain_zeros(tmp_path, engine, pulses):
    _, tenths = laws(pulses, np.full((2, 3, 40), 321.4), engine, tmp_path)
    assert not tenths.any()


def test_twice_the_charge_is_twice_the_voltage(tmp_path, engine):
    p = AmplifierParameters(response="simple")
    amplifier = Amplifier(model_template(p), p)
    charge = np.round(samples.clusters(1)[0].charge, 1)
    once, _ = responses(samples.write(tmp_path, cluster_text(samples.flat(charge))), amplifier, engine)
    twice, _ = responses(samples.write(tmp_path, cluster_text(samples.flat(2 * charge))), amplifier, engine)
    np.testing.assert_array_equal(twice, 2 * once)


def test_later_charge_is_later_voltage(tmp_path, engine, pulses):
    charge = samples.clusters(1)[0].charge[:, :, :300]
    early = np.concatenate([charge, np.repeat(charge[:, :, -1:], 20, axis=2)], axis=2)
    late = np.concatenate([np.zeros((5, 7, 20)), charge], axis=2)
    first, _ = laws(pulses, early, engine, tmp_path, t0_fix=True)
    second, _ = laws(pulses, late, engine, tmp_path, t0_fix=True)
    np.testing.assert_allclose(second[..., 1:], first[..., :-1], rtol=0, atol=1e-12)


def test_a_step_of_charge_is_the_template_averaged_over_a_step_of_time(tmp_path, engine, pulses):
    charge = np.zeros((1, 2, 40))
    charge[0, 1] = 1000.0
    found, _ = laws(pulses, charge, engine, tmp_path, t0_fix=True)
    p = AmplifierParameters(**samples.SHORT)
    table = measured_templates(read_pulses(pulses, p), p)
    template = table.samples[table.charges.tolist().index(1000.0)]
    wanted = 1000 * 1000 * ELECTRON_CHARGE * (template[20::20] + template[19::20]) / 2
    np.testing.assert_allclose(found[0, 0, 1, 1:], wanted, rtol=1e-12)


def test_pixels_do_not_know_each_other(tmp_path, engine, pulses):
    charge = samples.clusters(1)[0].charge
    order = np.random.default_rng(2).permutation(35)
    mixed = charge.reshape(35, -1)[order].reshape(charge.shape)
    found, _ = laws(pulses, charge, engine, tmp_path)
    other, _ = laws(pulses, mixed, engine, tmp_path)
    np.testing.assert_array_equal(other.reshape(35, -1), found.reshape(35, -1)[order])


def test_nan_spoils_its_pixel_from_there_on_as_in_the_original(tmp_path, engine, pulses, pulses_text):
    text = samples.text_of(samples.clusters(1)).decode()
    at = text.index("\n", text.index("<time slice 2000.")) + 1
    text = text[:at] + "nan" + text[text.index(" ", at) :]
    path = samples.write(tmp_path, text.encode())
    amplifier = measured(pulses, **samples.SHORT)
    wanted = reference.convolve_text(text, pulses_text, reference.Options(pulse_end=60.0))
    found = printed(path, amplifier, engine, tmp_path, compat=True)
    assert found == wanted
    assert "nan" in found


def test_a_template_that_is_missing_is_refused(tmp_path, engine, pulses):
    p = AmplifierParameters(**samples.SHORT)
    table = measured_templates(read_pulses(pulses, p), p)
    shorter = Templates(table.charges, table.samples[:1], table.step)
    path = samples.write(tmp_path, samples.text_of(samples.clusters(2)))
    with pytest.raises(FormatError, match="e-, which has no template: a pulse before it was skipped"):
        responses(path, Amplifier(shorter, p), engine)
