"""Things every room needs and that need nothing: errors, logging, files, process set-up."""
