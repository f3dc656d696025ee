"""Features: what they are learned as, the manifest that names them, and the one way to apply it."""
