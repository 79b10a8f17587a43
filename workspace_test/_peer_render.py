"""Render images with VIP and GRaTeR-JAX; runs in a Python that has them, without diskarray.

    python _peer_render.py JOBS.json IMAGES.npz

JOBS.json: name -> {"code": "vip" or "grater_jax", "arguments": ..., "slices": half their number, "accuracy": ...}. With
an accuracy for VIP its truncation is moved to it, as its own methods allow; GRaTeR-JAX takes it as a parameter.
"""

import contextlib
import io
import json
import sys

import numpy as np


def vip_image(arguments, slices, accuracy=None):
    from vip_hci.fm import ScatteredLightDisk

    disk = ScatteredLightDisk(**arguments)
    if accuracy is not None:
        disk.dust_density.dust_distribution_calc.accuracy = accuracy
        disk.set_density_distribution(arguments["density_dico"])
    return disk.compute_scattered_light(halfNbSlices=slices)


def grater_jax_image(arguments, slices, accuracy=None):
    import jax

    jax.config.update("jax_enable_x64", True)
    from grater_jax.disk_model import SLD_utils
    from grater_jax.disk_model.objective_functions import objective_model
    from grater_jax.disk_model.SLD_ojax import ScatteredLightDisk

    disk, spf, misc = (dict(arguments[name]) for name in ("disk_params", "spf_params", "misc_params"))
    if accuracy is not None:
        disk["accuracy"] = accuracy
    if "knot_values" in spf:
        phase, spf["knot_values"] = SLD_utils.InterpolatedUnivariateSpline_SPF, np.asarray(spf["knot_values"])
    else:
        phase = SLD_utils.HenyeyGreenstein_SPF if "g" in spf else SLD_utils.DoubleHenyeyGreenstein_SPF
    image = objective_model(
        disk,
        spf,
        None,
        misc | {"halfNbSlices": slices},
        ScatteredLightDisk,
        SLD_utils.DustEllipticalDistribution2PowerLaws,
        phase,
        None,
    )
    return np.asarray(image)


def main():
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    codes, images = {"vip": vip_image, "grater_jax": grater_jax_image}, {}
    for name, job in jobs.items():
        with contextlib.redirect_stdout(io.StringIO()):
            images[name] = codes[job.pop("code")](**job)
    np.savez(sys.argv[2], **images)


if __name__ == "__main__":
    main()
