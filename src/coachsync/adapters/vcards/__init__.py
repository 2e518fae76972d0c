"""vCards as address books export them: 2.1, 3.0 and 4.0, several in a file, whole or damaged."""

from coachsync.adapters.vcards.reading import read

__all__ = ["read"]
