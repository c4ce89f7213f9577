"""What was set can be copied as a parameter file that means the same; nothing stands there that cannot be used."""

from kit.parameters import Parameters, parameter, read_yaml
from kit.widgets import Panel
from kit.widgets.copying import copying
from kit.widgets.texts import parameter_file


class ScanParameters(Parameters):
    gain: float = parameter(2.5, "gain of the amplifier", gt=0)
    name: str = parameter("a", "its name")


def test_the_text_reads_back_as_the_same_values(tmp_path):
    p = ScanParameters(gain=7, name="1e3", interactive=False)
    button, text = copying(Panel(), lambda: parameter_file(p))
    assert text.layout.display == "none"
    button.click()
    (tmp_path / "mine.yaml").write_text(text.value)
    assert ScanParameters.build(read_yaml(tmp_path / "mine.yaml"), "mine.yaml").compared() == p.compared()


def test_it_is_empty_where_every_value_is_the_default():
    button, text = copying(Panel(), lambda: parameter_file(ScanParameters(output="x")))
    button.click()
    assert (text.value, text.layout.display) == ("", "")


def test_a_refusal_is_told_and_leaves_no_earlier_text_to_copy():
    panel, values = Panel(), {"gain": 7.0}
    button, text = copying(panel, lambda: parameter_file(ScanParameters.build(values, "panel")))
    button.click()
    values["gain"] = -1.0
    button.click()
    assert "gain is -1.0" in panel.error
    assert text.layout.display == "none"
