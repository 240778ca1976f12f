"""Simulator interface and its engines."""

import ctypes.util
import os

# MuJoCo chooses its graphics when it is first imported. Off-screen EGL where the machine has it; elsewhere none,
# and images are ray-traced on the CPU (sims/raycast.py).
os.environ.setdefault("MUJOCO_GL", "egl" if ctypes.util.find_library("EGL") else "disable")
