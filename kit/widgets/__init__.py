"""What panels are made of: a parameter form, a browser of records, a live figure, a runner of long work.

What the hand has set is kept, taken back and handed over to a job by two pieces that every panel may have. Each
piece is a state made of traits, and controls that show it; everything a mouse can do is also an attribute or a
method, so that a panel works, and is tested, without a browser. Besides the systems' `panel` this is the only door
to ipywidgets.
"""

from kit.widgets.browser import Browser
from kit.widgets.footer import Footer
from kit.widgets.form import ParameterForm
from kit.widgets.handover import Handover
from kit.widgets.keeping import Keeper
from kit.widgets.live import LiveFigure
from kit.widgets.look import Words
from kit.widgets.pace import Pace
from kit.widgets.panel import Panel
from kit.widgets.runner import Report, Runner, Stopped

__all__ = [
    "Browser",
    "Footer",
    "Handover",
    "Keeper",
    "LiveFigure",
    "Pace",
    "Panel",
    "ParameterForm",
    "Report",
    "Runner",
    "Stopped",
    "Words",
]
