"""Measurements, side by side in one run with what a reader would write instead."""
