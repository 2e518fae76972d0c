"""The demonstration: an invented practice on a real server, and what others see of it."""
