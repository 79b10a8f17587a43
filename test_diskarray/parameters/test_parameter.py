"""The declaration of a parameter and what is read off it."""

import numpy as np
import pytest

from diskarray.backend.pytree import component, static
from diskarray.parameters.parameter import ParameterSpec, parameter, parameters_of
from diskarray.parameters.priors import Uniform

PRIOR = Uniform(1, 2)


@component
class Box:
    """A box."""

    width: float = parameter(1.5, unit="au", above=0, maximum=9, doc="how wide", prior=PRIOR)
    angle: float = parameter(0, doc="turned by")
    label: str = static("box")


def test_parameters_of_lists_the_declared_ones_in_order_and_read_only():
    specs = parameters_of(Box)
    assert list(specs) == ["width", "angle"] == list(parameters_of(Box(width=2)))
    width = specs["width"]
    assert (width.default, width.unit, width.above, width.maximum, width.doc) == (1.5, "au", 0, 9, "how wide")
    assert width.prior is PRIOR and width.minimum is None and width.below is None
    assert type(specs["angle"].default) is float and specs["angle"].prior is None
    with pytest.raises(TypeError):
        specs["width"] = None
    with pytest.raises(AttributeError):
        width.default = 3.0


RANGES = [
    ({}, "(-inf, inf)", -np.inf, np.inf),
    ({"minimum": 0}, "[0, inf)", 0, np.inf),
    ({"above": 0, "below": 1}, "(0, 1)", 0, 1),
    ({"minimum": -1, "maximum": 2.5}, "[-1, 2.5]", -1, 2.5),
    ({"above": -3, "maximum": 0}, "(-3, 0]", -3, 0),
]


@pytest.mark.parametrize("ends, text, lower, upper", RANGES)
def test_ranges_have_open_and_closed_ends(ends, text, lower, upper):
    spec = ParameterSpec(1.0, **ends)
    assert (spec.range_text, spec.lower, spec.upper) == (text, lower, upper)
    for value in (-np.inf, -3, -2.9, -1, -1e-300, 0, 1e-300, 1, 2.5, 2.6, np.inf):
        inside = all(
            (
                value >= ends.get("minimum", -np.inf),
                value <= ends.get("maximum", np.inf),
                "above" not in ends or value > ends["above"],
                "below" not in ends or value < ends["below"],
            )
        )
        assert bool(spec.contains(value)) is inside, value
    assert not spec.contains(np.nan)
    middle = (max(lower, -9) + min(upper, 9)) / 2
    np.testing.assert_array_equal(spec.contains(np.array([np.nan, middle])), [False, True])
