"""The config room: reading, overriding, matching, explaining."""
