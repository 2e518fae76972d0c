"""coachsync keeps a coach's calendar in step, and shares of it free of anything that identifies a client."""

__version__ = "0.1.0"
