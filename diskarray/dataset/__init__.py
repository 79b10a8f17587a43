"""Observed and simulated images: Imaging, WCS, units, noise maps, instrument readers, the simulator."""
