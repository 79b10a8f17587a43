import pytest

from diskarray.viz import labels
from diskarray.viz.multiples import wrapped


def test_names_are_as_short_as_they_can_be():
    names = ("disks.belt.density.radius", "disks.halo.density.radius", "disks.belt.inclination", "star.flux")
    assert labels.short_names(names) == ("belt radius", "halo radius", "inclination", "flux")


def test_labels_have_symbols_and_units():
    names = ("a.alpha_in", "a.gamma", "a.g", "a.g1", "a.argument_of_pericenter", "a.optical_depth")
    assert labels.labels_of(names, ("", "", "", "", "deg", "")) == (
        r"$\alpha_\mathrm{in}$",
        r"$\gamma$",
        "$g$",
        "$g_1$",
        "argument of pericenter [deg]",
        "optical depth",
    )
    assert labels.raised("mJy / arcsec2") == "mJy / arcsec$^{2}$"


@pytest.mark.parametrize(
    ("largest", "power"), [(0.0, 0), (1.0, 0), (9999.0, 0), (10_000.0, 4), (0.01, 0), (0.0099, -3), (3.2e8, 8)]
)
def test_only_long_numbers_get_a_power_of_ten(largest, power):
    assert labels.power_of_ten(largest) == power


def test_units_and_labels_name_the_power():
    assert labels.unit_in_power("adu", 5) == "$10^{5}$ adu" and labels.unit_in_power(None, 0) == "arbitrary unit"
    assert labels.label_in_power("optical depth", "", -3) == "optical depth [$10^{-3}$]"
    assert labels.label_in_power("flux [mJy]", "mJy", 4) == "flux [$10^{4}$ mJy]"
    assert labels.label_in_power("flux [mJy]", "mJy", 0) == "flux [mJy]"


def test_ticks_get_the_decimals_that_tell_them_apart():
    pytest.importorskip("matplotlib")
    written = labels.in_power_of_ten(0).format_ticks
    assert written([0.0, 2.5, 5.0]) == ["0.0", "2.5", "5.0"]
    assert written([-1.0, 0.0, 1.0]) == ["\N{MINUS SIGN}1", "0", "1"]
    assert written([1000.2, 1000.4]) == ["1000.2", "1000.4"]
    assert labels.in_power_of_ten(-3).format_ticks([0.0049, 0.005]) == ["4.9", "5.0"]


def test_long_labels_are_wrapped_and_units_stay_whole():
    assert wrapped("argument of pericenter [deg]", 12) == "argument of\npericenter\n[deg]"
    assert wrapped("radius [au]", 14) == "radius [au]" and wrapped("inclination", 5) == "inclination"
