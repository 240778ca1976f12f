"""An arm, its hand and its cameras without metal: one MuJoCo world behind the robot's own network interface."""
