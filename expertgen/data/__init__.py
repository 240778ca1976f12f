"""What is kept on disk: episode stores, checkpoints, provenance, and writing them whole or not at all."""
