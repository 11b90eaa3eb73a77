"""What we are measured beside, each in an environment of its own; nothing of ours imports it."""
