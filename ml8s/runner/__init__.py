"""The runner: keys, cache, plan, execution of one step, and whole runs on this machine."""
