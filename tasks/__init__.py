"""What flows are made of: read the graph of dvc.yaml, run one of its stages, publish its report."""
