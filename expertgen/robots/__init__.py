"""A real arm with gripper and cameras: drivers, safety filter and control. Client libraries are imported where used."""
