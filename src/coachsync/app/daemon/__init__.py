"""Working in the background: `Daemon.step` does what is due; its caller owns the clock, the signals and the waiting."""
