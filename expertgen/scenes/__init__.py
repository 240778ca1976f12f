"""Robot, objects and scenes as MjSpec. With sims/, the only package that knows the engine."""

import expertgen.sims  # noqa: F401  chooses the graphics before the engine is imported
