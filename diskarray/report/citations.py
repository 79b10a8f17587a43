"""References to what a run rests on."""

__all__ = ["citations"]

_ALWAYS = (
    "The model: Augereau et al. 1999, A&A 348, 557 (GRaTeR).",
    "NumPy: Harris et al. 2020, Nature 585, 357.",
    "SciPy: Virtanen et al. 2020, Nature Methods 17, 261.",
    "Astropy: Astropy Collaboration 2022, ApJ 935, 167.",
)
_PARTS = {
    "HenyeyGreenstein": "Phase function: Henyey & Greenstein 1941, ApJ 93, 70.",
    "DoubleHenyeyGreenstein": "Phase function: Henyey & Greenstein 1941, ApJ 93, 70.",
    "TripleHenyeyGreenstein": "Phase function: Henyey & Greenstein 1941, ApJ 93, 70.",
    "MoffatPSF": "Point-spread function: Moffat 1969, A&A 3, 455.",
}
_ENGINES = {
    "Emcee": ("emcee: Foreman-Mackey et al. 2013, PASP 125, 306.",),
    "Dynesty": (
        "Nested sampling: Skilling 2006, Bayesian Analysis 1, 833.",
        "dynesty: Speagle 2020, MNRAS 493, 3132.",
    ),
    "NUTS": (
        "The No-U-Turn sampler: Hoffman & Gelman 2014, JMLR 15, 1593.",
        "NumPyro: Phan, Pradhan & Jankowiak 2019, arXiv:1912.11554.",
    ),
}
_DIAGNOSTICS = "R-hat and effective sample sizes: Vehtari et al. 2021, Bayesian Analysis 16, 667."
_JAX = "JAX: Bradbury et al. 2018, http://github.com/jax-ml/jax."


def citations(version, kinds, engine=None, backend="numpy"):
    """References, each a sentence.

    Parameters
    ----------
    version : str
        Of diskarray.
    kinds : iterable of str
        Class names of the model's components.
    engine : str, optional
        The sampler.
    backend : str

    Returns
    -------
    tuple of str
    """
    found = [f"diskarray, version {version or 'unknown'}.", _ALWAYS[0]]
    found += [_PARTS[kind] for kind in dict.fromkeys(kinds) if kind in _PARTS]
    found += _ENGINES.get(engine, ())
    found += [_DIAGNOSTICS] if engine is not None else []
    found += _ALWAYS[1:]
    found += [_JAX] if backend == "jax" or engine == "NUTS" else []
    return tuple(dict.fromkeys(found))
