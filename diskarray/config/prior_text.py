"""A prior as a configuration writes it."""

__all__ = ["prior_text"]

import dataclasses

from ..parameters.priors import PRIORS

_NAME_OF = {cls: name for name, cls in PRIORS.items()}


def prior_text(prior):
    """`{uniform: [60, 88]}`, from which the same prior is built again."""
    arguments = ", ".join(f"{getattr(prior, field.name):g}" for field in dataclasses.fields(prior))
    return f"{{{_NAME_OF[type(prior)]}: [{arguments}]}}"
