"""Features of forecasts: what is known of a series at the origin of each forecast, and nothing after it."""
