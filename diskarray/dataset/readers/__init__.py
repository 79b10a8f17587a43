"""Readers: one function per kind of file, from a path to an Imaging."""
