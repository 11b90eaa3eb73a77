"""What every service stands on: delivery of events, database, clock, identity, pages, logs."""
