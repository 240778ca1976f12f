"""Expert policies by steering a frozen diffusion prior with reinforcement learning (ExpertGen)."""

__version__ = "0.1.0"
