"""Light on the sky and on the detector: disk, star, instrument, scene."""
