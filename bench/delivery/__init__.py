"""Delivery of events, measured beside the peers and beside the plain limits, in turns."""
