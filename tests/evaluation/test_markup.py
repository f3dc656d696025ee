"""Words, markup and charts: what must survive any text and any number."""

from __future__ import annotations

import math
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.evaluation.markdown import escaped as escaped_markdown
from ml8s.evaluation.markup import Markup, element, escaped, table
from ml8s.evaluation.plots import Axis, Series, bar_chart, histogram, line_chart
from ml8s.evaluation.wording import aligned, brief, number, percent, plural, shortened, tick, told_apart, visible


class Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Collector:
    collector = Collector()
    collector.feed(html)
    collector.close()
    return collector


@given(st.text())
def test_any_text_comes_back_as_the_same_text_and_never_as_a_tag(text: str) -> None:
    page = parsed(element("td", text, title=text))
    assert page.tags == ["td"]
    assert page.text == visible(text)
    assert page.attributes == [("title", visible(text))]


@given(st.text())
def test_no_template_tag_survives(text: str) -> None:
    assert not set("{}<>`\"'") & set(escaped(text))


def test_markup_is_not_escaped_twice() -> None:
    assert element("p", element("b", "a & b"), None, ["c", Markup("<br>")]) == "<p><b>a &amp; b</b>c<br></p>"


def test_a_table_marks_numeric_columns() -> None:
    page = parsed(table(("name", "rows"), [("a", "1")], numeric=(1,)))
    assert page.attributes.count(("class", "number")) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.93125, "0.9313"),
        (0.00012, "0.0001"),
        (12345.6, "12,346"),
        (1234.5, "1,234"),
        (3.14159, "3.142"),
        (1e-7, "1.000e-07"),
        (2.5e12, "2,500,000,000,000"),
        (2.5e15, "2.500e+15"),
        (-0.5, "-0.5000"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
        (12.0, "12"),
    ],
)
def test_numbers_have_about_four_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_numbers_in_sentences_are_as_they_were_written() -> None:
    assert [brief(v) for v in (0.5, 0.31, 7000.0, 1 / 3)] == ["0.5", "0.31", "7,000", "0.3333"]
    assert [percent(v) for v in (0.5, 0.1234, 0.0012, 1.0, 0.0)] == ["50 %", "12.3 %", "0.12 %", "100 %", "0 %"]
    assert [tick(v) for v in (20_000.0, 1_500_000.0, 0.25)] == ["20k", "1.5M", "0.25"]
    assert [plural(1, "row"), plural(2000, "query", "queries")] == ["1 row", "2,000 queries"]
    assert aligned([0.1234, 0.0004, -0.01]) == ["0.123", "0.000", "-0.010"]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_two_different_values_never_look_equal(first: float, second: float) -> None:
    texts = told_apart(first, second)
    assert (texts[0] == texts[1]) == (first == second)


@given(st.text())
def test_what_is_shown_is_printable_and_bounded(text: str) -> None:
    assert visible(text).isprintable()
    assert len(shortened(text, 10)) <= 10


@given(st.text(min_size=1))
def test_markdown_of_any_text_is_one_line_without_tags_or_bars(text: str) -> None:
    shown = escaped_markdown(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert "|" not in shown.replace("\\|", "")


@pytest.mark.parametrize("span", [(0.0, 1.0), (-3.0, 17.0), (0.7412, 0.7599), (5.0, 5.0), (-1e9, 1e12), (0.0, 1e-9)])
def test_ticks_are_few_and_lie_in_the_range(span: tuple[float, float]) -> None:
    ticks = Axis("x", *span).ticks()
    assert 1 <= len(ticks) <= 6
    assert all(span[0] - 1e-6 * abs(span[0]) <= t <= span[1] + 1e-6 * abs(span[1]) for t in ticks)


def test_charts_of_hardly_any_data_are_drawn() -> None:
    axis = Axis.around("y", [])
    for drawn in (
        line_chart("nothing", axis, axis, []),
        line_chart("one point", axis, Axis.around("y", [3.0]), [Series("a", [(0.5, 3.0)])]),
        histogram("empty", Axis("x", 0, 1), [0.0, 1.0], [[0]], "rows"),
        bar_chart("none", []),
        bar_chart("zero", [("a", 0.0, 0.0, 0.0)]),
        bar_chart("below zero", [("<b>", -1.0, -2.0, -0.5)]),
    ):
        page = parsed(drawn)
        assert page.tags[0] in ("svg", "ul")
        assert "nan" not in drawn
        assert "inf" not in drawn
