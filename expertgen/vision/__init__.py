"""What cameras see: looks drawn at random, their painter, depth cameras' faults, point clouds."""

import expertgen.sims  # noqa: F401  chooses the graphics before the engine is imported
