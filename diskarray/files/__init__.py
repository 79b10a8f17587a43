"""Bytes in and out, no science: atomic writes and strict, safe readers."""
