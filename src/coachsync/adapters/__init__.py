"""The only code that touches the world, one outside library each."""
