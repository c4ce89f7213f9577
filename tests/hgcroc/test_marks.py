"""Marks of points, in words."""

from kit.hgcroc.marks import Mark, marks_text


def test_every_mark_has_words_of_its_own():
    texts = [marks_text(mark) for mark in Mark]
    assert all(texts)
    assert len(set(texts)) == len(Mark)


def test_several_marks_are_told_one_after_the_other():
    assert marks_text(Mark.SHORT | Mark.CUT) == "fewer events than asked for, data cut in the middle of a record"
    assert marks_text(0) == ""
