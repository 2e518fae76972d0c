"""Backups that the daemon's side can write and not read, the mirror of the newest keys, and coming back from both."""
