"""What a search found, frozen."""

__all__ = ["Basin", "Detection", "Limit", "LinearEstimate", "OptimizeResult"]

import dataclasses
from typing import Any

import numpy as np

from .archive import save_result


@dataclasses.dataclass(frozen=True)
class Detection:
    """How much of chi-squared the light of the disks explains.

    Attributes
    ----------
    chi_squared_gain : float
        Chi-squared without any disk less that of the best fit.
    inflation : float
        Variance of the disks' brightness over that for independent noise of the size that the noise map says.
    threshold : float
        What noise alone, with as many free parameters, exceeds with a chance of 3e-7 (5 standard deviations), times the
        inflation.
    """

    chi_squared_gain: float
    inflation: float
    threshold: float

    @property
    def is_detected(self):
        """True if the gain is beyond the threshold."""
        return self.chi_squared_gain > self.threshold


@dataclasses.dataclass(frozen=True)
class Limit:
    """A one-sided limit on a parameter.

    Attributes
    ----------
    name : str
    side : str
        "upper" or "lower".
    value : float
    level : float
        Probability of the side that is left, such as 0.95.
    method : str
        How it was found, in words.
    """

    name: str
    side: str
    value: float
    level: float
    method: str

    def __repr__(self):
        return f"{self.name} {'<' if self.side == 'upper' else '>'} {self.value:.4g} ({100 * self.level:.0f} %)"


@dataclasses.dataclass(frozen=True, eq=False)
class Basin:
    """A minimum that a search from several starts found.

    Attributes
    ----------
    vector : array, shape (n,)
    chi_squared : float
    n_starts : int
        Starts that ended there; 0 for an exact mirror image that no start ended in.
    image_of : int or None
        The place, in ``OptimizeResult.basins``, of the basin whose image this one repeats exactly.
    refined : bool
        False: found on a binned image and only evaluated on the real one.
    chosen : bool
        Whether it is the result's own.
    """

    vector: np.ndarray
    chi_squared: float
    n_starts: int
    image_of: int | None = None
    refined: bool = True
    chosen: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class LinearEstimate:
    """Parameters that were solved for instead of searched.

    Attributes
    ----------
    names, units : tuple of str
    values : array, shape (k,)
    covariance : array, shape (k, k)
        With the error that the searched parameters carry over; NaN for those at a bound or degenerate.
    cross_covariance : array, shape (n, k)
        With the searched parameters.
    at_bound : tuple of str
    """

    names: tuple = ()
    units: tuple = ()
    values: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0))
    covariance: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 0)))
    cross_covariance: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 0)))
    at_bound: tuple = ()

    @property
    def sigma(self) -> Any:
        """Standard deviations, shape (k,); NaN where unknown."""
        return np.sqrt(np.diag(self.covariance))


@dataclasses.dataclass(frozen=True, eq=False)
class OptimizeResult:
    """The best fit of an optimizer.

    Attributes
    ----------
    names, units : tuple of str
        One per element of the vector.
    vector : array, shape (n,)
        The best values; periodic angles are brought into their prior's interval.
    covariance : array, shape (n, n)
        From the curvature of chi-squared, under the assumption that ``errors`` names; NaN for parameters at a bound or
        not constrained.
    scene : Scene
        The model at the best values.
    status : str
        "converged", "max_evaluations" (stopped before), or "not_constrained" (converged, but there is no significant
        disk in the data: only ``limits`` mean something).
    message : str
        The status in a sentence.
    n_evaluations : int
        Images rendered, those for derivatives and for coarse looks included.
    at_bound : tuple of str
        Names of parameters that ended at a bound of their prior or physical range.
    unconstrained : tuple of str
        Names of parameters that the data do not constrain, alone or in a combination.
    log_likelihood, chi_squared : float
        With a robust ``loss``, chi_squared is the sum of that loss (and the covariance its curvature); log_likelihood
        is always the Gaussian one.
    n_data : int
        Pixels that count.
    seconds : float
        Wall-clock time of the search.
    engine : str
        The optimizer's name.
    loss : str
        "linear": plain least squares.
    errors : str
        "independent": the noise map is right and pixels are independent; "scaled": it is right up to one factor, the
        noise scale; "correlated": errors allow for the residuals' autocorrelation and their scale.
    noise_scale : float
        Root of the reduced chi-squared: what the noise map would have to be multiplied with.
    error_inflation : array, shape (n,)
        Standard deviations over those for independent noise of the size that the noise map says.
    condition : float
        Condition number of the normal matrix with columns of unit length, parameters at a bound left out.
    degenerate : tuple of (str, str, float)
        Pairs of parameters with a correlation beyond 0.95, and it.
    limits : tuple of Limit
        One-sided limits on parameters at a bound, or whose error crosses one.
    basins : tuple of Basin
        Minima found, the best first; a symmetric pair counts as two.
    steps : tuple of str
        What the search did, in order.
    remaining_gain : float
        What chi-squared could still fall by, estimated; its root is the distance to the minimum in standard deviations.
    detection : Detection or None
        Chi-squared with and without the light of the disks.
    linear : LinearEstimate
        Parameters solved for; empty where there are none.
    """

    names: tuple
    units: tuple
    vector: np.ndarray
    covariance: np.ndarray
    scene: Any
    status: str
    message: str
    n_evaluations: int
    at_bound: tuple
    unconstrained: tuple
    log_likelihood: float
    chi_squared: float
    n_data: int
    seconds: float
    engine: str = "LeastSquares"
    loss: str = "linear"
    errors: str = "independent"
    noise_scale: float = float("nan")
    error_inflation: np.ndarray | None = None
    condition: float = float("nan")
    degenerate: tuple = ()
    limits: tuple = ()
    basins: tuple = ()
    steps: tuple = ()
    remaining_gain: float = float("nan")
    detection: object = None
    linear: LinearEstimate = LinearEstimate()

    @property
    def sigma(self) -> Any:
        """Standard deviations, shape (n,); NaN where unknown."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self):
        """Correlation matrix, shape (n, n)."""
        return self.covariance / np.outer(self.sigma, self.sigma)

    @property
    def n_free(self):
        """Number of fitted parameters, the linear ones included."""
        return len(self.names) + len(self.linear.names)

    @property
    def reduced_chi_squared(self):
        """chi^2 / (N - k)."""
        return self.chi_squared / (self.n_data - self.n_free)

    @property
    def succeeded(self) -> bool:
        """True if the optimizer converged, on something that is there."""
        return self.status == "converged"

    def save(self, path: Any, *, overwrite: bool = False) -> Any:
        """Write the result as .json, .npz, or into a folder; see ``save_result``. ``load_result`` reads it back."""
        return save_result(self, path, overwrite=overwrite)

    def limit(self, name: str) -> Any:
        """The Limit on a parameter, or None."""
        return next((limit for limit in self.limits if limit.name == name), None)

    def __repr__(self):
        loss = "" if self.loss == "linear" else f" (loss {self.loss}: chi-squared and covariance refer to it)"
        lines = [
            f"OptimizeResult({self.status}: {self.message}",
            f"  reduced chi-squared {self.reduced_chi_squared:.4f} over {self.n_data} pixels{loss}; "
            f"{self.errors} errors",
        ]
        linear = self.linear
        for name, value, sigma, unit in [
            *zip(self.names, self.vector, self.sigma, self.units, strict=True),
            *zip(linear.names, linear.values, linear.sigma, linear.units, strict=True),
        ]:
            flags = [
                f" ({flag})"
                for flag, names in (
                    ("at bound", (*self.at_bound, *linear.at_bound)),
                    ("not constrained", self.unconstrained),
                )
                if name in names
            ]
            limit = self.limit(name)
            flags += [f" ({'<' if limit.side == 'upper' else '>'} {limit.value:.4g} at 95 %)"] if limit else []
            lines.append(f"  {name} = {value:.6g} +- {sigma:.2g} {unit}".rstrip() + "".join(flags))
        if len(self.basins) > 1:
            lines.append(
                "  basins: "
                + "; ".join(
                    f"chi-squared {b.chi_squared:.1f} ({b.n_starts} starts"
                    f"{f', image of {b.image_of}' if b.image_of is not None else ''}{', chosen' if b.chosen else ''})"
                    for b in self.basins
                )
            )
        return "\n".join(lines) + ")"
