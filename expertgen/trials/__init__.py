"""Trials of policies on a robot: protocol, blinded order, operator, log, records, results. Which robot is injected."""
