"""Prefect flows over the graph in dvc.yaml: when, where, how often, how many at once, and what a person sees."""
