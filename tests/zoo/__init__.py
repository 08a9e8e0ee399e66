"""Every config that ships, trained, evaluated and exported in small."""
