"""Each rule of what must never be, proven by planting its breach (P33)."""
