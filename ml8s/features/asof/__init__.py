"""Features that know only the past: definitions, the exact as-of engine, and the lookup state for serving."""
