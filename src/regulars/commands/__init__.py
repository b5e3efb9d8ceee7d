"""What the command line can do, one file per subject; ``app`` puts it together."""
