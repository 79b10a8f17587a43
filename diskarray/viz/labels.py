"""Parameters and units as a figure writes them."""

__all__ = [
    "decimals_for",
    "in_power_of_ten",
    "label_in_power",
    "labels_of",
    "power_of_ten",
    "raised",
    "short_names",
    "unit_in_power",
    "with_unit",
]

import math
import re

_GREEK = ("alpha", "beta", "gamma", "delta", "sigma", "tau", "omega")


def short_names(names):
    """The last part of every parameter's path, with as much before it as tells it from the others.

    Parameters
    ----------
    names : sequence of str
        Such as "disks.belt.density.radius".

    Returns
    -------
    tuple of str
        Such as "radius", or "belt radius" where there is more than one.
    """
    parts = [name.split(".") for name in names]
    return tuple(_short(own, [p for k, p in enumerate(parts) if k != i]) for i, own in enumerate(parts))


def labels_of(names, units):
    """Axis labels of parameters: their short names with their units.

    Parameters
    ----------
    names, units : sequence of str

    Returns
    -------
    tuple of str
    """
    return tuple(with_unit(_written(name), unit) for name, unit in zip(short_names(names), units, strict=True))


def with_unit(name, unit):
    """A quantity's name with its unit in brackets; without where it has none."""
    return f"{name} [{raised(unit)}]" if unit else name


def raised(unit):
    """A unit whose powers are raised: arcsec2 -> arcsec$^{2}$."""
    return re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", unit)


def power_of_ten(largest):
    """The power of ten that numbers up to this one are written in: 0 where they read well as they are."""
    return 0 if largest == 0 or 0.01 <= largest < 10_000 else math.floor(math.log10(largest))


def in_power_of_ten(exponent):
    """A formatter of ticks that leaves out a power of ten; all ticks of an axis get the same decimals."""
    from matplotlib.ticker import Formatter

    class InPower(Formatter):
        def __call__(self, value, place=None):
            return self.format_ticks([value])[0]

        def format_ticks(self, values):
            numbers = [value / 10.0**exponent for value in values]
            decimals = decimals_for(numbers)
            texts = [f"{number:.{decimals}f}" for number in numbers]
            return [text.replace("-", "\N{MINUS SIGN}" if float(text) else "") for text in texts]

    return InPower()


def decimals_for(numbers):
    """Digits after the point that tell numbers, such as the ticks of an axis, apart."""
    gaps = [abs(b - a) for a, b in zip(sorted(numbers), sorted(numbers)[1:], strict=False) if b != a]
    least = min(gaps, default=max(map(abs, numbers), default=1.0)) or 1.0
    for decimals in range(9):
        if all(abs(round(number, decimals) - number) < 0.01 * least for number in numbers):
            return decimals
    return 9


def unit_in_power(unit, exponent):
    """A unit with its powers raised, after the power of ten that the numbers leave out."""
    written = raised(unit or "arbitrary unit")
    return f"$10^{{{exponent}}}$ {written}" if exponent else written


def label_in_power(label, unit, exponent):
    """A parameter's label, its numbers in a power of ten."""
    if not exponent:
        return label
    return f"{label.partition(' [')[0]} [{unit_in_power(unit or '1', exponent).removesuffix(' 1')}]"


def _short(own, others):
    """The last part, after the first part in which each path with the same end differs."""
    rivals = [other for other in others if other[-1] == own[-1]]
    telling = []
    for rival in rivals:
        k = next((k for k, (a, b) in enumerate(zip(own, rival, strict=False)) if a != b), 0)
        if k < len(own) - 1 and own[k] not in telling:
            telling.append(own[k])
    return " ".join([*telling, own[-1]])


def _written(name):
    """A name in words; Greek letters and numbered letters as symbols."""
    *before, last = name.split(" ")
    return " ".join([*(word.replace("_", " ") for word in before), _symbol(last) or last.replace("_", " ")])


def _symbol(word):
    """Letters as mathematics writes them; None for a word."""
    stem, _, rest = word.partition("_")
    if stem in _GREEK:
        return rf"$\{stem}_\mathrm{{{rest}}}$" if rest else rf"$\{stem}$"
    numbered = re.fullmatch(r"([a-z])(\d*)", word)
    if numbered is None:
        return None
    return f"${numbered[1]}_{numbered[2]}$" if numbered[2] else f"${word}$"
