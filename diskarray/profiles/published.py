"""Phase functions of real dust whose parametric form is public, each with where its numbers come from."""

__all__ = ["PUBLISHED_PHASE_FUNCTIONS"]

from types import MappingProxyType

from .phase_sums import TripleHenyeyGreenstein

# HR 4796 A, SPHERE H2: the three asymmetries and first two weights with which the public scripts of J. Mazoyer
# (johanmazoyer/debrisdisk_mcmc_fit_and_plot, initialization_files/SPHERE_Hband_3g_MCMC_final.yaml) start the chain for
# the data discussed by Chen et al. (2020, ApJ 898, doi:10.3847/1538-4357/ab9aba, of which he is an author). These are
# start values without uncertainties, not the paper's table. A weight is the share of a normalized function.
PUBLISHED_PHASE_FUNCTIONS = MappingProxyType(
    {
        "hr4796a_h2_chen2020": TripleHenyeyGreenstein.from_weights((0.98849, 0.55400, -0.17644), (0.79503, 0.02240)),
    }
)
