"""Times, zones and occurrences of events: `reader.Reader` is what others use."""
