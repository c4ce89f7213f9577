"""Final states and combinations as people read them."""

import pytest

from kit.opendata.notation import final_state_text, mass_text, objects_text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("2e_0m_1j_0g_0t_0b", "2e 1j"),
        ("0e_4m_0j_0g_0t_0b", "4μ"),
        ("1e_1m_1j_1g_1t_1b", "1e 1μ 1j 1γ 1τ 1b"),
        ("0e_0m_12j", "12j"),
        ("0e_0m_0j_0g_0t_0b", "no objects"),
    ],
)
def test_a_final_state_shows_the_types_that_are_there(name, text):
    assert final_state_text(name) == text


def test_a_combination_shows_types_and_ranks():
    assert objects_text("e0m1j0g0t0b10") == r"e_{0}\mu_{1}j_{0}\gamma_{0}\tau_{0}b_{10}"
    assert mass_text("e0e1") == "$m(e_{0}e_{1})$"
