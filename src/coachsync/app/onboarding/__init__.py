"""The first steps: from what a coach knows of their calendar to a configuration that works."""
