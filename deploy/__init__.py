"""Where and how the services run: on one machine without containers, in compose, in clusters."""
