"""Numbers for a reader and for a program: rounded in sight, exact in the ``value`` of their HTML ``data`` element."""

__all__ = [
    "count",
    "duration",
    "exact",
    "interval",
    "memory",
    "number",
    "percent",
    "prior_text",
    "rounded",
    "signed",
    "unit_text",
    "with_error",
]

import dataclasses
import math
import re

import numpy as np

from .html import element, join

MINUS, TIMES, UNKNOWN = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
_POWER = re.compile(r"(?<=[A-Za-z])(-?[0-9])(?![0-9A-Za-z])")
_MOST_DECIMALS, _SMALL, _LARGE = 8, 1e-4, 1e9


def rounded(value, sigma=None, digits=5):
    """A number as text: to two digits of its error, or to so many digits of its own where that is not known."""
    mantissa, power = _digits_of(value, sigma, digits)
    return mantissa if power is None else f"{mantissa}e{power}"


def _digits_of(value, sigma, digits):
    """What is written of a number, and the power of ten it is multiplied with or None."""
    if value is None or not math.isfinite(value):
        return UNKNOWN, None
    known = sigma is not None and math.isfinite(sigma) and sigma > 0
    size = sigma if known else abs(value)
    decimals = (1 if known else digits - 1) - (math.floor(math.log10(size)) if size else 0)
    power = None
    too_small = decimals > _MOST_DECIMALS if known else 0 < abs(value) < _SMALL
    if abs(value) >= _LARGE or too_small:
        power = math.floor(math.log10(abs(value)))
        value, decimals = value / 10.0**power, min(max(decimals + power, 0), _MOST_DECIMALS)
    text = f"{value:.{max(0, min(decimals, _MOST_DECIMALS))}f}"
    if not known and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS), power


def number(value, sigma=None, *, digits=5):
    """A number rounded as ``rounded`` does, its exact value in the element's ``value``."""
    if value is None or not math.isfinite(value):
        return element("span", UNKNOWN, class_="unknown", aria_label="not known")
    mantissa, power = _digits_of(float(value), sigma, digits)
    if power is not None:
        mantissa = join([mantissa, f"{TIMES}10", element("sup", str(power).replace("-", MINUS))])
    return exact(value, mantissa)


def signed(value, decimals=2):
    """A number with its sign and so many decimals, such as a distance in standard deviations."""
    if value is None or not math.isfinite(value):
        return number(math.nan)
    return exact(value, f"{value:+.{decimals}f}".replace("-", MINUS))


def exact(value, text):
    """Text that stands for a number, which is the element's ``value``."""
    value = int(value) if isinstance(value, (bool, int, np.integer)) else float(value)
    return element("data", text, value=repr(value))


def with_error(value, sigma, unit="", **style):
    """``value ± sigma unit``."""
    parts = [number(value, sigma, **style), " ± ", number(sigma, sigma), _gap(unit), unit_text(unit)]
    return element("span", join(parts), class_="together")


def _gap(unit):
    return "" if unit in ("", "deg") else " "


def interval(low, high, sigma=None):
    """``low to high``."""
    return element("span", join([number(low, sigma), " to ", number(high, sigma)]), class_="together")


def count(value):
    """A whole number with thin spaces between its thousands."""
    return element("span", UNKNOWN, class_="unknown") if value is None else exact(int(value), _thousands(int(value)))


def _thousands(value):
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", MINUS)


def percent(share, digits=3):
    """A share as a percentage."""
    if share is None or not math.isfinite(share):
        return number(math.nan)
    return exact(share, f"{rounded(100 * share, digits=digits)} %")


def duration(seconds):
    """A time in words."""
    if seconds is None or not math.isfinite(seconds):
        return number(math.nan)
    whole = round(seconds)
    text = f"{rounded(seconds, digits=3)} s" if seconds < 120 else f"{whole // 60} min {whole % 60} s"
    if whole >= 7200:
        text = f"{whole // 3600} h {whole % 3600 // 60} min"
    return exact(seconds, text)


def memory(n_bytes):
    """A number of bytes in MiB or GiB."""
    if n_bytes is None:
        return number(math.nan)
    size, unit = (n_bytes / 2**20, "MiB") if n_bytes < 2**30 else (n_bytes / 2**30, "GiB")
    return exact(n_bytes, f"{rounded(size, digits=3)} {unit}")


def unit_text(unit):
    """A unit with its powers raised: "mJy / arcsec2" has a small 2; degrees get their sign."""
    if unit == "deg":
        return "°"
    parts = _POWER.split(str(unit))
    return join([element("sup", part.replace("-", MINUS)) if k % 2 else part for k, part in enumerate(parts)])


def prior_text(prior):
    """A prior in words, such as ``uniform from 60 to 88``."""
    if not dataclasses.is_dataclass(prior):
        return str(prior)
    given = {f.name: getattr(prior, f.name) for f in dataclasses.fields(prior)}
    said = {key: rounded(value, digits=6) for key, value in given.items() if isinstance(value, (int, float))}
    words = {"UniformAngle": "uniform angle", "LogUniform": "uniform in the logarithm"}
    name = words.get(type(prior).__name__, _spaced(type(prior).__name__))
    if set(given) == {"lower", "upper"}:
        return f"{name}, {said['lower']} to {said['upper']}"
    return ", ".join([name, *(f"{key} {text}" for key, text in said.items())])


def _spaced(name):
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
