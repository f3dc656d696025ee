"""The one place that talks to a cluster: kubectl in, JSON out. Applies, submits, follows, stops; computes nothing."""
