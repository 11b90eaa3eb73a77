"""The contract: every event, rule set and topic that services and subscribers share."""
