"""The report names grades, bad channels, and pictures and tables that are there."""

import re

from kit.figures import keep
from kit.hgcroc.plots import distillation_figures


def test_every_link_of_the_report_leads_to_a_file(distilled):
    text = (distilled.directory / "report.html").read_text()
    keep(distillation_figures(distilled), distilled.directory / "plots")
    links = re.findall(r'(?:href|src)="([^"#]+)"', text)
    assert len(links) > 40
    assert [link for link in links if not (distilled.directory / link).is_file()] == []


def test_it_tells_grades_and_bad_channels(distilled):
    text = (distilled.directory / "report.html").read_text()
    assert '<span class="grade good">good</span>' in text
    assert "dead: no noise" in text
    assert "shorted with a neighbour" in text
    assert text.count("<section") == 16
