"""The readers by the word that a configuration has for them; their arguments are the configuration's keys."""

__all__ = ["READERS"]

from types import MappingProxyType

from ..imaging import Imaging
from .gpi import read_gpi
from .hdf5 import read_hdf5
from .irdis import read_irdis
from .jwst import read_jwst
from .npz import read_npz

READERS = MappingProxyType(
    {
        "fits": Imaging.from_fits,
        "gpi": read_gpi,
        "irdis": read_irdis,
        "jwst": read_jwst,
        "hdf5": read_hdf5,
        "npz": read_npz,
    }
)
