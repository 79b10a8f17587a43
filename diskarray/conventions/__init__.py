"""Translators from and to other codes: parameter dictionaries in, a Disk and a grid out, and the way back."""

__all__ = [
    "RoundHeight",
    "disks_from_winnie",
    "from_ddit",
    "from_esposito",
    "from_grater_jax",
    "from_vip",
    "from_winnie",
    "grid_from_ddit",
    "grid_from_grater_jax",
    "grid_from_vip",
    "grid_from_winnie",
    "to_ddit",
    "to_esposito",
    "to_grater_jax",
    "to_vip",
    "to_winnie",
]

from .ddit import RoundHeight, from_ddit, grid_from_ddit, to_ddit
from .esposito import from_esposito, to_esposito
from .grater_jax import from_grater_jax, grid_from_grater_jax, to_grater_jax
from .vip import from_vip, grid_from_vip, to_vip
from .winnie import disks_from_winnie, from_winnie, grid_from_winnie, to_winnie
