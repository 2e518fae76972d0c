"""Gather, decide, apply."""
