"""The index over episodes: a deterministic table of them in Parquet, and a LanceDB database made from it."""
