"""Results on disk: exact returns, odd names, user's own classes, and one typed error for whatever is wrong."""

import dataclasses
import importlib
import json
import math
import pkgutil
import struct
import zipfile

import numpy as np
import pytest
from made_runs import Dummy, Problem, WithLinear, gaussian, result

import diskarray as da
from diskarray.backend.constant import Constant
from diskarray.backend.pytree import FrozenDict, set_at
from diskarray.files.npz import npz_bytes, read_npz
from diskarray.optics.registry import PSFS
from diskarray.parameters.priors import PRIORS
from diskarray.profiles import registry
from diskarray.results.encoding import Decoder, Encoder, Unstored, type_name
from diskarray.results.load_result import _known
from diskarray.results.optimize_result import Basin, Limit, LinearEstimate
from diskarray.search.detection import Detection

FORMATS = ("run.npz", "run.nc", "run")
ODD_NAMES = [
    ("a/b", "a_b", ""),
    (".", "..", "chain"),
    ("ü ☃", "\0", " x "),
    ("\ud800", "draw", "x\ny"),
    ("a", "A", "a_"),
]
NEEDED = {
    "kernel": np.exp(-np.hypot(*np.mgrid[-3:4, -2:4])) + 0.01,
    "kernels": np.exp(-np.hypot(*np.mgrid[-3:4, -2:4]) / np.array([0.7, 1.0, 1.5])[:, None, None]) + 0.01,
    "weight_maps": np.stack([np.linspace(0.1 + k, 0.9 - k, 17 * 15).reshape(17, 15) for k in (0.0, 0.3, 0.6)]),
    "references": np.cos(np.arange(2 * 17 * 15) ** 1.1).reshape(2, 17, 15),
}
REGISTRIES = (
    registry.DENSITIES,
    registry.RADIAL_PROFILES,
    registry.VERTICAL_PROFILES,
    registry.PHASE_FUNCTIONS,
    registry.POLARIZATIONS,
    PSFS,
    {"residual": da.StellarResidual, "star": da.Star, "source": da.PointSource},
)
NOT_IN_A_SCENE = ("Midplane",)
COMPONENTS = [cls for table in REGISTRIES for cls in table.values()]


def load(path):
    """A result whose scene is a Dummy."""
    return da.load_result(path, components=[Dummy])


def pathed(tmp_path, name):
    if name.endswith(".nc"):
        pytest.importorskip("h5netcdf")
    return tmp_path / name


def same(a, b):
    """Whether two trees are equal to the bit, types included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, (dict, FrozenDict)):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a):
        return vars(a).keys() == vars(b).keys() and all(same(vars(a)[k], vars(b)[k]) for k in vars(a))
    return a == b


def returned(value, classes=None):
    """A value after encoding, text, and decoding."""
    encoder = Encoder()
    text = json.dumps(encoder.encode(value, "value"), allow_nan=False)
    return Decoder(encoder.arrays, _known(()) if classes is None else classes).decode(json.loads(text))


def made(cls):
    required = [f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING and f.init]
    return cls(**{name: NEEDED[name] for name in required})


@pytest.fixture
def run():
    random = np.random.default_rng(1)
    samples = gaussian(random, 3, 50)
    statistics = {
        "diverging": random.uniform(size=(3, 50)) < 0.1,
        "energy": random.normal(size=(3, 50)),
        "steps": np.arange(150, dtype=np.int32).reshape(3, 50),
        "half": np.zeros((3, 50), dtype=np.float16),
        "odd/é \n name": np.full((3, 50), np.nan),
        "": np.full((3, 50), -np.inf),
        "..": np.ones((3, 50), dtype=">f4"),
        "lp": np.ones((3, 50)),
        "chain": np.ones((3, 50)),
        "word": np.full((3, 50), "né"),
    }
    settings = {"walkers": 5, "move": "né\0", "times": (1.5, math.inf, [None]), "array": np.arange(3), "nan": math.nan}
    return result(
        samples,
        problem=WithLinear(),
        statistics=statistics,
        settings=settings,
        seed=2**70,
        log_evidence=-3.5,
        log_evidence_error=np.nan,
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_sampled_posterior_returns_to_the_bit(run, name, tmp_path):
    path = pathed(tmp_path, name)
    assert run.save(path) == path
    loaded = load(path)
    assert same(loaded, run)
    assert same(loaded.gates, run.gates) and not loaded.samples.flags.writeable


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shape", [(4, 0), (0, 0), (1, 1), (1, 7)])
def test_results_of_few_or_no_draws_return(name, shape, tmp_path):
    path = pathed(tmp_path, name)
    flags = {"diverging": np.zeros(shape, bool)}
    run = result(np.zeros((*shape, 3)), log_probability=np.full(shape, -1.0), statistics=flags)
    run.save(path)
    assert same(load(path), run)


@pytest.mark.parametrize("name", FORMATS)
def test_draws_that_are_not_finite_return(name, tmp_path):
    path = pathed(tmp_path, name)
    samples = gaussian(np.random.default_rng(2), 2, 30)
    samples[0, 0] = np.nan, np.inf, -np.inf
    run = result(samples, log_probability=np.where(np.arange(60).reshape(2, 30) % 3, -1.5, np.nan))
    run.save(path)
    assert same(load(path), run)


@pytest.mark.parametrize("name", FORMATS)
def test_odd_parameter_names_return(name, tmp_path):
    path = pathed(tmp_path, name)
    run = result(gaussian(np.random.default_rng(2), 2, 30))
    for names in ODD_NAMES:
        odd = dataclasses.replace(run, names=names, units=names[::-1])
        odd.save(path, overwrite=True)
        assert same(load(path), odd)


@pytest.mark.parametrize("name", ["best.npz", "best"])
def test_a_best_fit_returns_to_the_bit(name, tmp_path):
    scene = da.Scene(
        disks={
            "belt": da.Disk(density=da.TwoPowerLaw(radius=80.0, beta=Constant(1.0)), inclination=np.float64(70.0)),
            "é": da.Disk(),
        },
        instrument=da.Instrument(psf=da.EmpiricalPSF(kernel=NEEDED["kernel"]), throughput=np.full((5, 4), 0.5)),
        star=da.Star(flux=3.0, unit="mJy"),
        sources={"planet": da.PointSource(y=0.5)},
    )
    fields = {f.name: f.default for f in dataclasses.fields(da.OptimizeResult) if f.default is not dataclasses.MISSING}
    values = {
        "names": ("a", "b"),
        "units": ("au", ""),
        "vector": np.array([1.0, np.nan]),
        "covariance": np.full((2, 2), np.nan),
        "scene": scene,
        "status": "converged",
        "message": "it did",
        "n_evaluations": 12,
        "at_bound": ("b",),
        "unconstrained": (),
        "log_likelihood": -1e3,
        "chi_squared": math.inf,
        "n_data": 100,
        "seconds": 0.25,
    }
    details = {
        "limits": (Limit("b", "upper", 3.0, 0.95, "profile"),),
        "linear": LinearEstimate(names=("flux",), units=("mJy",)),
        "basins": (Basin(np.ones(2), 10.0, 3), Basin(np.zeros(2), np.float64(11.0), 1, image_of=0)),
        "detection": Detection(9.0, 1.5, 4.0),
        "degenerate": (("a", "b", np.float64(0.97)),),
        "steps": ("one", "two"),
    }
    best = da.OptimizeResult(**{**fields, **values, **details})
    best.save(tmp_path / name)
    assert same(da.load_result(tmp_path / name), best)
    best.save(tmp_path / "best.json")
    assert json.loads((tmp_path / "best.json").read_text())["chi_squared"] is None
    with pytest.raises(da.OutputError, match="no draws"):
        best.save(tmp_path / "best.nc")


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: cls.__name__)
def test_every_component_returns_to_the_bit(cls):
    component = made(cls)
    assert same(returned(component), component)
    disk = da.Disk(inclination=33.3)
    assert same(returned((component, disk)), (component, disk))


@pytest.mark.parametrize("room", ["profiles", "optics", "model", "scattering"])
def test_every_component_that_a_scene_may_hold_is_known(room):
    package = importlib.import_module(f"diskarray.{room}")
    for found in pkgutil.iter_modules(package.__path__, f"diskarray.{room}."):
        module = importlib.import_module(found.name)
        for cls in vars(module).values():
            if isinstance(cls, type) and "__jax_array__" in vars(cls) and cls.__module__ == module.__name__:
                assert type_name(cls) in _known(()) or cls.__name__ in NOT_IN_A_SCENE


def test_every_prior_returns():
    numbers = {"lower": 0.5, "upper": 3.0, "mean": 1.2, "sigma": 0.7}
    for cls in PRIORS.values():
        required = [f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING]
        prior = cls(**{name: numbers[name] for name in required})
        assert same(returned((prior,)), (prior,))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**80),
        0.1,
        -0.0,
        math.nan,
        -math.inf,
        5e-324,
        "",
        "\ud800\0ü",
        (),
        [],
        {},
        {"$array": 1},
        {"": [()]},
        np.float64(0.1),
        np.int8(3),
        np.bool_(True),
        np.str_("é"),
        np.array("é"),
        Constant(2.0),
        np.zeros((0, 2), dtype="u2"),
        {"a": {"b": np.arange(2)}, "a.b": np.arange(3)},
        FrozenDict({"b": 1, "a": (2,)}),
        [np.arange(3), np.arange(3)],
    ],
    ids=repr,
)
def test_plain_values_return(value):
    assert same(returned(value), value)


def tree(random, depth=0):
    """A value of any kind, with odd names and odd numbers."""
    kind = random.integers(9 if depth < 4 else 6)
    if kind == 0:
        wide = random.normal() * 10.0 ** random.integers(-300, 300)
        return float(random.choice([math.nan, -math.inf, -0.0, 5e-324, wide]))
    if kind == 1:
        return "".join(chr(c) for c in random.integers(0, 0x11000, size=random.integers(4)))
    if kind == 2:
        shape = tuple(random.integers(0, 3, size=random.integers(3)))
        return random.integers(0, 2**63, size=shape).astype(random.choice(["u8", "f4", ">f8", "b1", "c16", "U5", "i2"]))
    if kind < 6:
        return (int(random.integers(-(2**62), 2**62)) ** 3, None, bool(random.integers(2)))[kind - 3]
    items = [tree(random, depth + 1) for _ in range(random.integers(4))]
    if kind == 6:
        return tuple(items)
    if kind == 7:
        return items
    return dict(zip(("", "a.b", "$array", "é/\0"), items, strict=False))


def test_random_trees_return():
    random = np.random.default_rng(11)
    for _ in range(1000):
        value = tree(random)
        assert same(returned(value), value)


@pytest.mark.parametrize("value", [print, object(), {1: 2}, np.array([None]), {3}, 1j, np, da.Disk])
def test_what_no_file_can_hold_becomes_a_note(value):
    note = returned({"x": value})["x"]
    assert isinstance(note, Unstored) and same(returned(note), note)


@da.component
class OwnDensity:
    """A user's own ring."""

    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius")

    def density(self, X, Y, Z, *, xp=np):
        return xp.exp(-((xp.sqrt(X**2 + Y**2) - self.radius) ** 2) - Z**2)


class PlainDensity:
    """A user's own class without fields."""

    def density(self, X, Y, Z, *, xp=np):
        return xp.exp(-(Z**2))


class Own(Problem):
    """A problem whose scene holds objects of the user's own."""

    def __init__(self, density):
        super().__init__()
        self.density = density

    def scene_from(self, vector):
        return da.Scene(disks={"belt": da.Disk(density=self.density, inclination=float(vector[0]))})


def test_a_users_component_returns_where_its_class_is_given(tmp_path):
    run = result(gaussian(np.random.default_rng(1), 2, 10), problem=Own(OwnDensity(radius=50.0)))
    run.save(tmp_path / "run.npz")
    assert same(da.load_result(tmp_path / "run.npz", components=[OwnDensity]), run)
    with pytest.raises(da.DataError, match=r"scene.*components="):
        da.load_result(tmp_path / "run.npz")


def test_a_users_plain_object_is_made_anew_by_the_posterior(tmp_path):
    problem = Own(PlainDensity())
    run = result(gaussian(np.random.default_rng(1), 2, 10), problem=problem)
    run.save(tmp_path / "run.npz")
    with pytest.raises(da.DataError, match="posterior="):
        da.load_result(tmp_path / "run.npz")
    loaded = da.load_result(tmp_path / "run.npz", posterior=problem)
    assert loaded.scene.disks["belt"].density is problem.density
    assert loaded.scene.disks["belt"].inclination == run.scene.disks["belt"].inclination
    other = Problem(da.ParameterSpace.of(da.Star(flux=1.0), {"flux": da.Uniform(0, 2)}))
    with pytest.raises(da.DataError, match="flux"):
        da.load_result(tmp_path / "run.npz", posterior=other)


def test_a_linear_parameter_beyond_its_physical_range_returns():
    disk = set_at(da.Disk(), "optical_depth", -1e-5)
    assert same(returned(disk), disk)


@pytest.mark.parametrize("value", ["text", None, True, {"$tuple": [1.0]}])
def test_a_parameter_that_is_no_number_is_refused(value):
    encoder = Encoder()
    encoded = encoder.encode((da.TwoPowerLaw(), da.Uniform(0, 1)), "x")
    encoded["$tuple"][0]["fields"]["radius"] = value
    with pytest.raises(da.DataError, match="radius"):
        Decoder(encoder.arrays, _known(())).decode(encoded)


@pytest.mark.parametrize("other", [np.arange(3), np.arange(4.0), np.zeros((3, 1))])
def test_an_array_of_another_type_or_shape_is_refused(other):
    encoded = Encoder().encode(np.arange(3.0), "x")
    with pytest.raises(da.DataError, match="type and shape"):
        Decoder({"x": other}, {}).decode(encoded)


def test_a_prior_that_makes_no_sense_is_refused():
    encoded = Encoder().encode(da.Uniform(0, 1), "x")
    encoded["fields"]["lower"] = 5.0
    with pytest.raises(da.DataError, match="Uniform"):
        Decoder({}, _known(())).decode(encoded)


def test_only_known_classes_are_made():
    assert all(dataclasses.is_dataclass(cls) for cls in _known(()).values())
    encoded = {"$object": "subprocess.Popen", "fields": {"args": "ls"}}
    assert isinstance(Decoder({}, _known(())).decode(encoded), Unstored)
    assert type_name(OwnDensity) == "OwnDensity" and type_name(da.Disk) == "diskarray.model.disk.Disk"


def test_the_summary_is_strict_json_with_the_verdict(run, tmp_path):
    run.save(tmp_path / "run.json")
    content = json.loads((tmp_path / "run.json").read_text(), parse_constant=pytest.fail)
    assert content["established"] is False and content["log_evidence_error"] is None
    assert {gate["name"]: gate["passed"] for gate in content["gates"]}["rhat"] is not None
    row = content["parameters"]["angle"]
    assert row["unit"] == "deg" and row["mean"] == run.mean[2] and row["prior"].startswith("UniformAngle")
    assert row["diagnostics"]["ess_bulk"] == pytest.approx(run.diagnostics.row("angle")["ess_bulk"])
    assert content["linear_parameters"]["amplitude"]["median"] == pytest.approx(np.median(run.linear_samples))
    assert content["versions"]["numpy"] == np.__version__
    with pytest.raises(da.DataError, match="summary"):
        da.load_result(tmp_path / "run.json")


def test_nothing_is_replaced_unasked(run, tmp_path):
    for name in ("run.npz", "run.json", "run"):
        run.save(tmp_path / name)
        with pytest.raises(da.OutputError, match="exists"):
            run.save(tmp_path / name)
        run.save(tmp_path / name, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "run.json", "run.npz"]
    with pytest.raises(da.OutputError, match=".npz"):
        run.save(tmp_path / "run.pickle")


def test_the_same_result_gives_the_same_bytes(run, tmp_path):
    for name in ("a.npz", "b.npz"):
        run.save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def changed(run, tmp_path, change):
    """A saved result with its header changed."""
    run.save(tmp_path / "x.npz")
    arrays = read_npz(tmp_path / "x.npz")
    header = json.loads(arrays["header"].tobytes())
    change(header, arrays)
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    (tmp_path / "x.npz").write_bytes(npz_bytes(arrays))
    return tmp_path / "x.npz"


CHANGES = {
    "another format": lambda h, a: h.update(diskarray_result=99),
    "no digest": lambda h, a: h.pop("sha256"),
    "a changed number": lambda h, a: h["result"]["fields"].update(seconds=9.0),
    "a changed draw": lambda h, a: a["samples"].__setitem__((0, 0, 0), 7.0),
    "an array less": lambda h, a: a.pop("samples"),
    "an array more": lambda h, a: a.update(extra=np.zeros(2)),
    "no result": lambda h, a: h.pop("result"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_archive_is_refused(run, name, tmp_path):
    with pytest.raises(da.DataError, match="x.npz"):
        load(changed(run, tmp_path, CHANGES[name]))


def redigested(header, arrays):
    from diskarray.results.archive import _digest

    header["sha256"] = _digest(header, {k: v for k, v in arrays.items() if k != "header"})


FORGED = {  # with a digest that fits
    "another shape": lambda f, a: a.update(samples=a["samples"][:2]),
    "shapes that disagree": lambda f, a: f["samples"].update({"$array": "log_probability"}),
    "a missing field": lambda f, a: f.pop("samples"),
    "a foreign field": lambda f, a: f.update(color=1),
    "a missing array": lambda f, a: f["samples"].update({"$array": "nowhere"}),
    "no result": lambda f, a: f.clear(),
    "a name that is a number": lambda f, a: f.update(names={"$tuple": [1, 2, 3]}),
    "an unknown tag": lambda f, a: f.update(seed={"$eval": "1+1"}),
    "a tag of a method": lambda f, a: f.update(seed={"_made": 1}),
    "an empty mapping": lambda f, a: f.update(seed={}),
    "text for samples": lambda f, a: f.update(samples="text"),
    "text for statistics": lambda f, a: f.update(statistics="text"),
    "nested without end": lambda f, a: f.update(seed=json.loads("[" * 200 + "]" * 200)),
    "a float of text": lambda f, a: f.update(seconds={"$float": "much"}),
    "pairs that are none": lambda f, a: f.update(settings={"$frozen": [1, 2]}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_archive_is_refused(run, name, tmp_path):
    def change(header, arrays):
        FORGED[name](header["result"]["fields"], arrays)
        redigested(header, arrays)

    with pytest.raises(da.DataError, match="x.npz"):
        load(changed(run, tmp_path, change))


@pytest.mark.parametrize("name", FORMATS[:2])
def test_damaged_files_are_refused_or_unharmed(run, name, tmp_path):
    path = pathed(tmp_path, name)
    run.save(path)
    content, random, refused = path.read_bytes(), np.random.default_rng(0), 0
    for k in range(60):
        mutant = bytearray(content)
        if k % 3:
            mutant[random.integers(len(mutant))] ^= int(random.integers(1, 256))
        else:
            del mutant[random.integers(len(mutant)) :]
        path.write_bytes(mutant)
        try:
            assert same(load(path), run)
        except da.DataError as error:
            assert name in str(error)
            refused += 1
    assert refused > 30


def test_files_of_others_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("header.npy", "text")
    for name in ("other.npz", "folder", "zip.npz", "none.npz", "none"):
        with pytest.raises(da.DataError, match=name.partition(".")[0]):
            da.load_result(tmp_path / name)


def test_an_angle_has_no_seam_in_the_posterior_group(tmp_path):
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("h5netcdf")
    run = result(gaussian(np.random.default_rng(1), 2, 200) + np.array([0, 0, 9.0]))
    assert np.ptp(run.samples[..., 2]) > 300
    run.save(tmp_path / "run.nc")
    with h5py.File(tmp_path / "run.nc") as file:
        angle = file["posterior/angle"][()]
    assert np.ptp(angle) < 60 and 0 <= np.mean(angle) < 360
    np.testing.assert_allclose((angle - run.samples[..., 2] + 180) % 360, 180, atol=1e-9)
    assert same(load(tmp_path / "run.nc"), run)


def test_groups_are_those_of_arviz(tmp_path):
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("h5netcdf")
    flags = {"diverging": np.zeros((2, 20), bool)}
    run = result(gaussian(np.random.default_rng(1), 2, 20), problem=WithLinear(), statistics=flags)
    image = da.Imaging(data=np.ones((4, 5)), noise_map=np.full((4, 5), 0.5), pixel_scale=0.1, mask=np.eye(4, 5) > 0)
    run.save(tmp_path / "run.nc", data={"J": image, "H": image})
    with h5py.File(tmp_path / "run.nc") as file:
        np.testing.assert_array_equal(file["posterior/first"], run.samples[..., 0])
        np.testing.assert_array_equal(file["posterior/amplitude"], run.linear_samples[..., 0])
        np.testing.assert_array_equal(file["sample_stats/lp"], run.log_probability)
        assert file["sample_stats/diverging"].attrs["dtype"] == "bool"
        assert file["posterior/first"].attrs["units"] == "au"
        assert np.isnan(file["observed_data/J_data"][0, 0]) and file["observed_data/H_data"][0, 1] == 1
        assert file["constant_data/J_data_noise_map"][0, 1] == 0.5
    assert same(load(tmp_path / "run.nc"), run)


def test_a_netcdf_file_of_something_else_is_refused(tmp_path):
    h5netcdf = pytest.importorskip("h5netcdf")
    with h5netcdf.File(tmp_path / "other.nc", "w") as file:
        file.dimensions = {"x": 3}
        file.create_variable("values", ("x",), float)[...] = 1.0
    with pytest.raises(da.DataError, match="no result of diskarray"):
        da.load_result(tmp_path / "other.nc")


def test_limits_are_printed():
    assert repr(Limit("optical_depth", "upper", 0.00123, 0.95, "x")) == "optical_depth < 0.00123 (95 %)"
    assert repr(Limit("radius", "lower", 71.0, 0.95, "x")) == "radius > 71 (95 %)"
