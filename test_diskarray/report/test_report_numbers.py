import math
import re

import pytest

import diskarray as da
from diskarray.report.numbers import (
    count,
    duration,
    interval,
    memory,
    number,
    percent,
    prior_text,
    rounded,
    signed,
    unit_text,
    with_error,
)


def shown(markup):
    return re.sub("<[^>]*>", "", markup)


@pytest.mark.parametrize(
    ("value", "sigma", "text"),
    [
        (76.43219, 0.0312, "76.432"),
        (76.43219, 3.1, "76.4"),
        (76.43219, 31.0, "76"),
        (-0.0049753, 4.3e-5, "−0.004975"),
        (77.0, None, "77"),
        (0.001, None, "0.001"),
        (1.23456789, None, "1.2346"),
        (0.0, None, "0"),
        (5.1e-11, None, "5.1e-11"),
        (5.12e-11, 3.3e-12, "5.12e-11"),
        (2.5e12, None, "2.5e12"),
        (math.nan, 1.0, "–"),
        (math.inf, None, "–"),
        (None, None, "–"),
        (3.0, math.nan, "3"),
        (3.0, 0.0, "3"),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(value, sigma, text):
    assert rounded(value, sigma) == text


@pytest.mark.parametrize("value", [76.43219123456789, -1e-300, 5.1e-11, 0.1 + 0.2, 12345678901.25])
def test_the_exact_number_is_in_the_page(value):
    (found,) = re.findall('value="([^"]*)"', number(value, 0.5))
    assert float(found) == value


def test_powers_of_ten_are_raised():
    assert number(5.1e-11) == '<data value="5.1e-11">5.1×10<sup>−11</sup></data>'


def test_what_is_not_known_is_a_dash_with_a_name():
    assert number(math.nan) == '<span class="unknown" aria-label="not known">–</span>'


def test_numbers_in_words():
    assert shown(signed(-0.456)) == "−0.46" and shown(signed(2.0)) == "+2.00"
    assert shown(with_error(75.99, 0.023, "deg")) == "75.990 ± 0.023°"
    assert shown(interval(1.0, 2.0, 0.1)) == "1.00 to 2.00"
    assert shown(count(1234567)) == "1\u202f234\u202f567" and shown(percent(0.623)) == "62.3 %"
    assert [shown(duration(s)) for s in (3.25, 136, 7300)] == ["3.25 s", "2 min 16 s", "2 h 1 min"]
    assert [shown(memory(b)) for b in (3 * 2**20, 2**31, None)] == ["3 MiB", "2 GiB", "–"]


@pytest.mark.parametrize(
    ("unit", "markup"),
    [
        ("mJy / arcsec2", "mJy / arcsec<sup>2</sup>"),
        ("Jy sr-1", "Jy sr<sup>−1</sup>"),
        ("deg", "°"),
        ("au", "au"),
        ("<b>2", "&lt;b&gt;2"),
    ],
)
def test_units(unit, markup):
    assert unit_text(unit) == markup


@pytest.mark.parametrize(
    ("prior", "text"),
    [
        (da.Uniform(60, 88), "uniform, 60 to 88"),
        (da.LogUniform(1e-4, 0.1), "uniform in the logarithm, 0.0001 to 0.1"),
        (da.UniformAngle(-180, 180), "uniform angle, −180 to 180"),
        (da.Normal(2, 0.5), "normal, mean 2, sigma 0.5"),
        (da.TruncatedNormal(2, 0.5, 0, 3), "truncated normal, mean 2, sigma 0.5, lower 0, upper 3"),
        (da.Isotropic(), "isotropic, 0 to 180"),
        (da.Linear(minimum=0), "linear, minimum 0"),
    ],
)
def test_priors_in_words(prior, text):
    assert prior_text(prior) == text
