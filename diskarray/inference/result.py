"""What a search found, frozen."""

__all__ = ["OptimizeResult"]

import dataclasses

import numpy as np


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
        From the curvature of chi-squared, for independent noise; NaN for parameters at a bound or not constrained.
    scene : Scene
        The model at the best values.
    status : str
        "converged" or "max_evaluations".
    message : str
        The status in a sentence.
    n_evaluations : int
        Images rendered, those for derivatives included.
    at_bound : tuple of str
        Names of parameters that ended at a bound of their prior or physical range.
    unconstrained : tuple of str
        Names of parameters that the data do not constrain, alone or in a combination.
    log_likelihood, chi_squared : float
    n_data : int
        Pixels that count.
    seconds : float
        Wall-clock time of the search.
    """

    names: tuple
    units: tuple
    vector: np.ndarray
    covariance: np.ndarray
    scene: object
    status: str
    message: str
    n_evaluations: int
    at_bound: tuple
    unconstrained: tuple
    log_likelihood: float
    chi_squared: float
    n_data: int
    seconds: float

    @property
    def sigma(self):
        """Standard deviations, shape (n,); NaN where unknown."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self):
        """Correlation matrix, shape (n, n)."""
        return self.covariance / np.outer(self.sigma, self.sigma)

    @property
    def reduced_chi_squared(self):
        """chi^2 / (N - k)."""
        return self.chi_squared / (self.n_data - len(self.names))

    @property
    def succeeded(self):
        """True if the optimizer converged."""
        return self.status == "converged"

    def __repr__(self):
        lines = [f"OptimizeResult({self.status}: {self.message}",
                 f"  reduced chi-squared {self.reduced_chi_squared:.4f} over {self.n_data} pixels"]
        for name, value, sigma, unit in zip(self.names, self.vector, self.sigma, self.units, strict=True):
            flag = " (at bound)" if name in self.at_bound else ""
            lines.append(f"  {name} = {value:.6g} +- {sigma:.2g} {unit}{flag}".rstrip())
        return "\n".join(lines) + ")"
