"""What cameras see: looks drawn at random, their painter, depth cameras' faults, point clouds."""
