"""Policies: what acts on observations."""
