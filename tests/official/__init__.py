"""Every official config, read and checked."""
