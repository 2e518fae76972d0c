"""WHAT others may see: pure."""
