"""Releases that one repository publishes and others fetch: real git, DVC and remotes; see docs/datasets.md."""
