"""A room as the registry tests need it."""
