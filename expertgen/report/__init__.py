"""Figures and tables of a report, made from plain data."""
