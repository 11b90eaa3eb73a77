"""One whole cycle, played through the front door by people who do not exist."""
