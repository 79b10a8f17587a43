import json

import numpy as np
import pytest

from diskarray.config.load import PSFSimulation
from diskarray.errors import ConfigError, OutputError
from diskarray.files.fits import read_image
from diskarray.pipeline.simulate import psf_kernel, run_simulation


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tiny_config, tmp_path):
    first = tiny_config.with_name("tiny.fits").read_bytes()
    run_simulation(tiny_config, tmp_path / "again.fits")
    assert (tmp_path / "again.fits").read_bytes() == first
    run_simulation(tiny_config, tmp_path / "given.fits", seed=2)
    tiny_config.write_text(tiny_config.read_text().replace("seed: 1", "seed: 2"))
    run_simulation(tiny_config, tmp_path / "other.fits")
    assert (tmp_path / "other.fits").read_bytes() != first
    assert (tmp_path / "given.fits").read_bytes() == (tmp_path / "other.fits").read_bytes()


def test_image_noise_and_psf_have_headers_and_units(tiny_config):
    path = tiny_config.with_name("tiny.fits")
    for extension in ("SCI", "NOISE"):
        array, header = read_image(path, extension)
        assert array.shape == (33, 29) and header.text("BUNIT") == "mJy / arcsec2"
        assert header.number("CD2_2") == 0.08
    kernel, _ = read_image(path, "PSF")
    assert kernel.shape == (5, 5) and kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert (read_image(path, "NOISE").array == np.float32(0.05)).all()


def test_values_are_digitized_well_below_the_noise(tiny_config):
    image = read_image(tiny_config.with_name("tiny.fits"), "SCI").array
    steps = image * 1e5  # the noise is 0.05
    assert np.abs(steps - np.round(steps)).max() < 0.02  # float32
    assert np.unique(image).size > 0.9 * image.size


def test_the_truth_ships_beside_the_image(tiny_config):
    truth = json.loads(tiny_config.with_name("tiny_truth.json").read_text())
    assert truth == {
        "disks.belt.inclination": 53.0,
        "disks.belt.position_angle": 26.0,
        "disks.belt.optical_depth": 0.012,
    }


def test_existing_files_are_kept(tiny_config, tmp_path):
    with pytest.raises(OutputError, match=r"tiny\.fits exists already.*--overwrite"):
        run_simulation(tiny_config, tmp_path / "tiny.fits")
    tiny_config.with_name("tiny.fits").unlink()
    with pytest.raises(OutputError, match=r"tiny_truth\.json exists already"):
        run_simulation(tiny_config, tmp_path / "tiny.fits")
    assert not tiny_config.with_name("tiny.fits").exists()
    run_simulation(tiny_config, tmp_path / "tiny.fits", overwrite=True)


def test_a_configuration_without_the_part_is_refused(tiny_config, tmp_path):
    text = tiny_config.read_text()
    tiny_config.write_text(text[: text.index("simulation:")])
    with pytest.raises(ConfigError, match=r"tiny\.yaml.*needs the part 'simulation'"):
        run_simulation(tiny_config, tmp_path / "new.fits")
    assert not (tmp_path / "new.fits").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  star: {flux: 1000.0, unit: mJy}\n", "", r"tiny\.yaml:8: a simulation needs 'scene\.star' with its unit"),
        ("unit: mJy}", "unit: Jy}", r"tiny\.yaml:9: a scene's image is not in 'Jy / arcsec2'"),
        ("shape: [33, 29]", "shape: [33, 0]", r"tiny\.yaml:27: simulation\.shape\.1 = 0: must be greater than 0"),
    ],
)
def test_a_scene_without_a_usable_unit_or_image_is_refused(tiny_config, tmp_path, old, new, message):
    assert old in tiny_config.read_text()
    tiny_config.write_text(tiny_config.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=message):
        run_simulation(tiny_config, tmp_path / "new.fits")
    assert not (tmp_path / "new.fits").exists()


def test_the_kernel_is_a_core_in_a_halo():
    narrow = PSFSimulation(core_fwhm=0.2, halo_fwhm=0.8, halo_fraction=0.0, size=21)
    wide = PSFSimulation(core_fwhm=0.2, halo_fwhm=0.8, halo_fraction=0.3, size=21)
    core, both = psf_kernel(narrow, 0.05), psf_kernel(wide, 0.05)
    assert core[10, 10] / 2 == pytest.approx(core[10, 12], rel=1e-12)
    assert both.sum() == pytest.approx(1.0) and both[0, 0] > 100 * core[0, 0]
