"""Name the array library in use, for records of what was run, and ask for NumPy where nothing else can do."""

__all__ = ["describe_library", "require_numpy"]

from importlib.metadata import version

from ..errors import BackendError
from .namespace import is_jax_namespace, is_numpy_namespace
from .precision import require_jax


def describe_library(xp):
    """Name, version and, for JAX, precision and device of the array library ``xp``, as a dict of strings."""
    name = getattr(xp, "__name__", type(xp).__name__)
    package = name.partition(".")[0]
    if not is_jax_namespace(xp):
        return {"name": name, "version": version(package.replace("_", "-"))}
    jax = require_jax()
    bits = "64" if jax.config.jax_enable_x64 else "32"
    return {"name": name, "version": version(package), "bits": bits, "device": jax.default_backend()}


def require_numpy(xp, what):
    """Raise BackendError unless ``xp`` is NumPy; ``what`` is the sentence's subject."""
    if not is_numpy_namespace(xp):
        raise BackendError(f"{what} for xp=numpy only, got xp={getattr(xp, '__name__', xp)}")
