"""Data gates: tables of measurements, what is expected of them, and the verdict of Great Expectations."""
