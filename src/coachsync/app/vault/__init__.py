"""The vault at work: opened and checked, written to by the daemon, read by the coach alone."""
