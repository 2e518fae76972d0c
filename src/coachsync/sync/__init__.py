"""WHAT must change so that both calendars agree: pure."""
