"""`python -m coachsync`."""

from coachsync.app.cli import main

if __name__ == "__main__":
    main()
