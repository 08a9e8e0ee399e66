"""Commands that predict with exported models, and the flags they share."""
