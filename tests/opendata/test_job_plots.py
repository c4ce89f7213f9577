"""Pictures of effort."""

from kit.opendata.captions import Caption
from kit.opendata.job_plots import effort

ABOVE = Caption("Demo", "generated events")
JOB = {"seconds": 12.5, "peak_memory_mb": 480.0, "events_per_second": 16000.0, "mb": 38.0}


def test_each_job_is_a_point_in_time_memory_and_throughput():
    picture = effort([JOB, JOB | {"seconds": 30.0, "mb": 80.0}, {"files": 1}], ABOVE)
    shown = [axes for axes in picture.axes if axes.get_visible()]
    assert [axes.get_ylabel() for axes in shown] == [
        "Time of a job [s]",
        "Peak memory of a job [MB]",
        "Events per second",
    ]
    assert shown[0].get_lines()[0].get_ydata().tolist() == [12.5, 30.0]
    assert "2 jobs" in " ".join(text.get_text() for text in shown[0].texts)


def test_without_jobs_it_says_so():
    assert effort([], ABOVE).axes[0].texts
