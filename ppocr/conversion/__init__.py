"""Labels of other tools and competitions in, training sets out (no paddle)."""
