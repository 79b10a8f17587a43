"""Every rule fires on the one fixture that breaks it, and on no other."""

import dataclasses

import numpy as np
import pytest
from astropy.io import fits

import diskarray as da
from diskarray.dataset.checks import REFUSED, RULES, check_imaging, finding_from_error
from diskarray.dataset.rules.kernel import full_width
from diskarray.dataset.rules.scatter import noise_ratio
from diskarray.dataset.wcs import offset_cards

SHAPE, STAR, SCALE = (61, 65), (30.0, 32.0), 0.02
FRAME = da.Frame2D(SHAPE, SCALE, STAR)
ROW, COLUMN = np.indices(SHAPE)
R = np.hypot(ROW - STAR[0], COLUMN - STAR[1])
NOISE = 1.0 + 0.02 * R
DATA = NOISE * np.random.default_rng(7).standard_normal(SHAPE)
DATA += 30.0 * np.exp(-0.5 * ((np.hypot(ROW - STAR[0], 3 * (COLUMN - STAR[1])) - 15.0) / 2.0) ** 2)
MASK = R < 4


def cards(frame=FRAME, **changes):
    """The celestial cards of a frame."""
    header = fits.Header.fromstring(offset_cards(frame), sep="\n")
    for key in ("CD1_1", "CD1_2", "CD2_1", "CD2_2"):
        header[key] = header[key] / 3600
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 20.0, **changes})
    for axis in (1, 2):
        del header[f"CUNIT{axis}"]
    return "\n".join(str(card).rstrip() for card in header.cards)


def imaging(**changes):
    parts = {"data": DATA, "noise_map": NOISE, "unit": "mJy/arcsec2", "mask": MASK, "frame": FRAME, "header": cards()}
    return da.Imaging(**{**parts, **changes})


def kernel(fwhm=4.0, size=25, offset=(0.0, 0.0), pedestal=0.0):
    y, x = np.indices((size, size)) - (size - 1) / 2
    return np.exp(-4 * np.log(2) * ((y - offset[0]) ** 2 + (x - offset[1]) ** 2) / fwhm**2) + pedestal


def spiked(place, value):
    data = DATA.copy()
    data[place] = value
    return data


def with_nan(count):
    data = DATA.copy()
    data[40:, :].flat[:count] = np.nan
    return data


def framed(**changes):
    return dataclasses.replace(FRAME, **changes)


def star_on(place):
    """A star away from where it is said to be, and nothing masked."""
    data = DATA + 200.0 * np.exp(-0.5 * np.hypot(ROW - place[0], COLUMN - place[1]) ** 2 / 18.0)
    return imaging(data=data, mask=None)


GOOD_PSF = da.EmpiricalPSF(kernel())
lobed = kernel() - 0.1 * kernel(fwhm=9.0)
lobed[np.abs(lobed) < 1e-6] = 0.0

FIXTURES = {
    "few_pixels": (lambda: imaging(mask=R > 5), None, "WARNING", "81 pixels"),
    "not_finite": (lambda: imaging(data=with_nan(30)), None, "INFO", "30 of 3965"),
    "constant": (lambda: imaging(data=np.full(SHAPE, 0.25)), None, "ERROR", "0.25"),
    "outliers": (lambda: imaging(data=spiked((10, 50), 60.0)), None, "WARNING", "(10, 50)"),
    "mask_fraction": (lambda: imaging(mask=(R < 4) | (R > 8)), None, "WARNING", "96"),
    "mask_star": (lambda: imaging(mask=R > 30), None, "INFO", "(30, 32)"),
    "noise_scale": (lambda: imaging(noise_map=0.3 * NOISE), None, "WARNING", "times its noise map"),
    "background": (lambda: imaging(data=DATA - 1.5 * NOISE), None, "WARNING", "-1."),
    "unit_missing": (lambda: imaging(unit=None), None, "WARNING", "no unit"),
    "pixel_scale": (
        lambda: imaging(frame=framed(pixel_scale=12.25), header=cards(framed(pixel_scale=12.25))),
        None,
        "WARNING",
        "12.25 arcsec",
    ),
    "star_inside": (
        lambda: imaging(frame=framed(center=(30.0, 70.0)), header=cards(framed(center=(30.0, 70.0)))),
        None,
        "ERROR",
        "70.00",
    ),
    "star_peak": (lambda: star_on((32.0, 31.0)), None, "WARNING", " pixels from the star's"),
    "star_wcs": (lambda: imaging(header=cards(framed(center=(25.0, 32.0)))), None, "INFO", "5.0 pixels"),
    "wcs_missing": (lambda: imaging(header=""), None, "INFO", "0 degrees"),
    "wcs_mirrored": (
        lambda: imaging(frame=framed(mirrored=True), header=cards(framed(mirrored=True))),
        None,
        "INFO",
        "clockwise",
    ),
    "wcs_frame": (lambda: imaging(header=cards(framed(north_angle=30.0))), None, "ERROR", "North at 30 degrees"),
    "psf_size": (imaging, da.EmpiricalPSF(kernel(), pixel_scale=0.03), "ERROR", "0.03"),
    "psf_center": (imaging, da.EmpiricalPSF(kernel(offset=(0.4, 0.0))), "WARNING", "0.40 pixels"),
    "psf_sampling": (imaging, da.GaussianPSF(fwhm=1.6 * SCALE), "INFO", "1.60 pixels"),
    "psf_negative": (imaging, da.EmpiricalPSF(lobed), "WARNING", "%"),
    "psf_edge": (imaging, da.EmpiricalPSF(kernel(pedestal=0.03)), "WARNING", "2.9%"),
    "psf_sum": (imaging, da.EmpiricalPSF(kernel(), normalize=False), "WARNING", "18."),
}
ALSO = {"few_pixels": {"mask_star", "mask_fraction"}, "constant": {"noise_scale"}, "star_peak": {"mask_star"}}
"""Rules that cannot but fire on another's fixture."""


def test_good_data_have_no_finding():
    assert check_imaging(imaging(), psf=GOOD_PSF) == ()
    assert check_imaging(imaging()) == ()


@pytest.mark.parametrize("rule", FIXTURES)
def test_each_rule_fires_on_its_fixture_and_only_there(rule):
    make, psf, severity, words = FIXTURES[rule]
    found = check_imaging(make(), psf=psf or GOOD_PSF)
    own = [finding for finding in found if finding.rule == rule]
    assert len(own) == 1 and own[0].severity == severity
    assert words in own[0].message and own[0].advice
    assert {finding.rule for finding in found} - {rule} <= ALSO.get(rule, set())


def test_every_rule_has_a_fixture_and_a_name_of_its_own():
    assert set(FIXTURES) == set(RULES)
    assert all(RULES[name].__doc__ for name in RULES) and not set(RULES) & set(REFUSED)


@pytest.mark.parametrize(
    ("make", "rule", "severity"),
    [
        (lambda: imaging(data=with_nan(1000)), "not_finite", "WARNING"),
        (lambda: imaging(noise_map=0.03 * NOISE), "noise_scale", "ERROR"),
        (lambda: imaging(noise_map=30.0 * NOISE), "noise_scale", "ERROR"),
        (lambda: imaging(data=DATA + 1.5 * NOISE), "background", "INFO"),
        (lambda: imaging(data=DATA + 8 * NOISE), "background", "WARNING"),
        (lambda: imaging(header=offset_cards(framed(center=(20.0, 32.0)))), "star_wcs", "WARNING"),
        (lambda: imaging(header=cards(framed(pixel_scale=0.021))), "wcs_frame", "ERROR"),
        (lambda: imaging(header=cards(PC1_1=1.0)), "wcs_frame", "ERROR"),
        (lambda: imaging(header=cards(framed(mirrored=True))), "wcs_frame", "ERROR"),
    ],
)
def test_grades(make, rule, severity):
    assert [finding.severity for finding in check_imaging(make()) if finding.rule == rule] == [severity]


def test_psf_grades_and_odd_kernels():
    def rules(psf):
        return {finding.rule: finding.severity for finding in check_imaging(imaging(), psf=psf)}

    assert rules(da.EmpiricalPSF(kernel(fwhm=0.6))) == {"psf_sampling": "WARNING"}
    assert "psf_center" in rules(da.EmpiricalPSF(np.ones((5, 5))))
    assert "psf_center" not in rules(da.EmpiricalPSF(kernel(offset=(0.4, 0.0)), center="centroid"))
    assert rules(da.EmpiricalPSF(kernel(fwhm=4.0, size=41), over_sample_size=4)) == {"psf_sampling": "WARNING"}
    assert rules(da.GaussianPSF(fwhm=4 * SCALE)) == {}


def test_findings_are_ranked_and_plain():
    found = check_imaging(imaging(unit=None, header="", data=np.zeros(SHAPE), mask=None))
    assert [finding.severity for finding in found] == sorted(
        (finding.severity for finding in found), key=["ERROR", "WARNING", "INFO"].index
    )
    assert found[0].as_json() == {
        "severity": "ERROR",
        "rule": "constant",
        "message": found[0].message,
        "advice": found[0].advice,
        "subject": "",
    }
    assert str(found[0].about("one")).startswith("ERROR   constant [one]: All unmasked")


@pytest.mark.parametrize("fwhm", [2.5, 4.0, 7.3])
def test_full_width(fwhm):
    assert full_width(kernel(fwhm=fwhm, size=31)) == pytest.approx(fwhm, rel=0.05)


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_the_noise_is_measured_beside_a_disk(factor):
    assert noise_ratio(imaging(noise_map=NOISE / factor)) / factor == pytest.approx(1.0, abs=0.25)


def test_a_disk_that_reaches_far_out_is_not_taken_for_noise():
    far = np.exp(-0.5 * ((np.hypot(ROW - STAR[0], 2 * (COLUMN - STAR[1])) - 26.0) / 2.0) ** 2)
    assert noise_ratio(imaging(data=DATA + 200.0 * far)) == pytest.approx(1.0, abs=0.3)


def test_too_few_pixels_to_measure_noise():
    assert noise_ratio(imaging(mask=R > 5)) is None


def spoilt_noise():
    noise = NOISE.copy()
    noise[50, 50] = 0.0
    return imaging(noise_map=noise)


REFUSALS = {
    "shape": lambda path: imaging(noise_map=NOISE[1:]),
    "empty": lambda path: imaging(mask=np.ones(SHAPE, dtype=bool)),
    "noise_sign": lambda path: spoilt_noise(),
    "unit": lambda path: imaging(unit="furlong"),
    "scale": lambda path: da.read_npz(path(unit="adu")),
    "mask": lambda path: da.read_npz(path(unit="adu", pixel_scale=0.1, mask=2 * MASK)),
    "star": lambda path: da.Imaging.from_fits(_fits(path), noise=NOISE, center=("STARY", "STARX")),
    "wcs": lambda path: da.Imaging.from_fits(_fits(path, CD1_1=1.0), noise=NOISE),
    "axes": lambda path: da.read_npz(path(unit="adu", y=R[0, :61], x=R[:, 0]), axes=("y", "x")),
}


def _fits(path, **changes):
    from diskarray.files.fits import FitsHDU, write_fits

    place = path(unit="adu").with_suffix(".fits")
    write_fits(place, [FitsHDU(DATA, header=cards(**changes), cards={"BUNIT": "adu"})])
    return place


@pytest.mark.parametrize("rule", REFUSALS)
def test_what_cannot_become_an_imaging_names_its_rule(rule, tmp_path):
    def path(**arrays):
        np.savez(tmp_path / "x.npz", data=DATA, noise_map=NOISE, **arrays)
        return tmp_path / "x.npz"

    with pytest.raises(da.DiskArrayError) as caught:
        REFUSALS[rule](path)
    found = finding_from_error(caught.value)
    assert (found.severity, found.rule, found.advice) == ("ERROR", rule, REFUSED[rule])
    assert found.message == str(caught.value)


def test_every_refusal_has_a_fixture_and_others_are_unreadable(tmp_path):
    assert set(REFUSALS) == set(REFUSED)
    assert finding_from_error(da.ConfigError("x")).rule == "configuration"
    assert finding_from_error(da.DataError("x")).rule == "file"
