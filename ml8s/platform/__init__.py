"""The platform: where and with what ML8s runs on a cluster. Its model, and reading ``platform.yaml``."""
