"""Releases: LeRobot v3.0 datasets (Parquet and MP4) with sums, provenance, lineage and a check of their own.

`writer.write_release` makes one, `verify.verify_release` checks one without its source, `read.ReleaseReader` reads
one back. Beyond what LeRobot reads, a release holds README.md, SHA256SUMS, meta/lineage.json, meta/provenance.json
and further columns in meta/episodes.
"""
