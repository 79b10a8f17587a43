"""Validation of a configuration with its data: findings, exit codes, JSON."""

import json

import numpy as np
import pytest

import diskarray as da
from diskarray.dataset.checks import RULES
from diskarray.files.fits import FitsHDU, read_cube, write_fits
from diskarray.pipeline.validate import validate


def changed(path, **arrays):
    """The simulated file with extensions changed by functions."""
    hdus = [FitsHDU()]
    for name in ("SCI", "NOISE", "PSF"):
        array, header = read_cube(path, name)
        unit = header.text("BUNIT")
        lines = header.lines("C[TRDU].*") if name != "PSF" else ""
        hdus.append(FitsHDU(arrays.get(name, lambda a: a)(array), name, {"BUNIT": unit} if unit else {}, header=lines))
    write_fits(path, hdus, overwrite=True)


def test_good_data(tiny_config):
    report = validate(tiny_config)
    assert report.readable and report.exit_code() == 0 and report.count("ERROR") == 0
    assert report.checked == tuple(RULES)
    rules = {finding.rule for finding in report.findings}
    assert {"mask_star", "psf_edge"} <= rules
    assert report.exit_code(strict=True) == 1
    assert str(report).splitlines()[-1] == f"{tiny_config}: 0 ERROR, {report.count('WARNING')} WARNING, " + (
        f"{report.count('INFO')} INFO by {len(RULES)} rules"
    )
    content = json.loads(json.dumps(report.as_json(strict=True)))
    assert content["exit_code"] == 1 and report.as_json()["exit_code"] == 0
    assert content["counts"]["INFO"] == report.count("INFO") and len(content["findings"]) == len(report.findings)


def test_broken_data_are_errors(tiny_config):
    path = tiny_config.with_name("tiny.fits")
    changed(path, NOISE=lambda noise: 0.02 * noise)
    report = validate(tiny_config)
    assert report.exit_code() == 1 and report.findings[0].rule == "noise_scale"
    changed(path, NOISE=lambda noise: 0.0 * noise)
    report = validate(tiny_config)
    assert report.exit_code() == 1 and report.readable and report.checked == ()
    assert [finding.rule for finding in report.findings] == ["noise_sign"]


def test_what_cannot_be_read(tiny_config):
    (tiny_config.parent / "tiny.fits").write_bytes(b"no file")
    report = validate(tiny_config)
    assert report.exit_code() == 2 and not report.readable
    assert [finding.rule for finding in report.findings] == ["file"], "said once, though it holds the image and the PSF"
    report = validate(tiny_config.with_name("none.yaml"))
    assert report.exit_code() == 2 and [finding.rule for finding in report.findings] == ["configuration"]


def test_wrong_configurations(tiny_config, tiny_text):
    tiny_config.write_text(tiny_text.replace("inclination: 50.0", "inklination: 50.0"))
    report = validate(tiny_config)
    assert report.exit_code() == 2 and "tiny.yaml:15: unknown key" in report.findings[0].message
    tiny_config.write_text(tiny_text.replace("inclination: {uniform: [30, 80]}", "inclination: {uniform: [60, 80]}"))
    report = validate(tiny_config)
    assert report.exit_code() == 2 and report.findings[0].rule == "configuration"
    assert report.checked == tuple(RULES), "the data are checked all the same"
    tiny_config.write_text(tiny_text.replace("unit: mJy}", "unit: adu}"))
    assert validate(tiny_config).exit_code() == 2


def test_another_file_in_place_of_the_configured_one(tiny_config, tmp_path):
    other = tmp_path / "other.fits"
    other.write_bytes((tmp_path / "tiny.fits").read_bytes())
    changed(other, SCI=lambda image: np.where(image == image.max(), np.nan, image))
    found = {finding.rule for finding in validate(tiny_config, data=other).findings}
    assert "not_finite" in found and "not_finite" not in {f.rule for f in validate(tiny_config).findings}


def test_components_of_ones_own_are_passed_on(tiny_config, tiny_text):
    @da.component
    class RingOfMine:
        radius: float = da.parameter(60.0, unit="au", above=0, doc="radius")
        width: float = da.parameter(6.0, unit="au", above=0, doc="width")

        def density(self, X, Y, Z, *, xp=np):
            return xp.exp(-0.5 * ((xp.sqrt(X**2 + Y**2) - self.radius) / self.width) ** 2 - 0.1 * Z**2)

    tiny_config.write_text(
        tiny_text.replace("{kind: two_power_law, radius: 70.0, scale_height: 5.0}", "{kind: ring_of_mine, radius: 70}")
    )
    assert validate(tiny_config).exit_code() == 2
    assert validate(tiny_config, components=(RingOfMine,)).exit_code() == 0


@pytest.mark.parametrize("name", ["one", "two"])
def test_several_data_sets_are_named(tiny_config, tiny_text, name):
    data, rest = tiny_text.split("scene:", 1)
    inner = data.split("data:\n")[1]
    block = "".join(f"  {line}\n" for line in inner.splitlines())
    tiny_config.write_text(f"version: 1\ndatasets:\n  one:\n{block}  two:\n{block}scene:{rest}")
    report = validate(tiny_config)
    assert report.exit_code() == 0, str(report)
    assert any(finding.subject == name for finding in report.findings)


def test_image_noise_and_psf_in_one_hdf5_file(tiny_config, tiny_text, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "tiny.h5", "w") as file:
        for name, extension in (("image", "SCI"), ("noise", "NOISE"), ("psf", "PSF")):
            file[name] = read_cube(tmp_path / "tiny.fits", extension)[0]
        file.attrs.update({"pixel_scale": 0.08, "unit": "mJy/arcsec2"})
    changed_text = tiny_text.replace("path: tiny.fits, extension: PSF", "path: tiny.h5, extension: psf")
    start, stop = changed_text.index("  reader: fits"), changed_text.index("  masks:")
    tiny_config.write_text(changed_text[:start] + "  reader: hdf5\n  path: tiny.h5\n" + changed_text[stop:])
    report = validate(tiny_config)
    assert report.exit_code() == 0, str(report)
    assert {"wcs_missing", "psf_edge"} <= {finding.rule for finding in report.findings}
