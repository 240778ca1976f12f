"""Numbers about policies: success rates, distance to demonstrations, smoothness, where they fail."""
