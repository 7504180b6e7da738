"""Labelled headlines that suites measure the scorer on."""
