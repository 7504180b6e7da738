"""Checking explanations: what a sentence claims, held against the record it is about."""
