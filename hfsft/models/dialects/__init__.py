"""What single servers take of a request: found out by asking, learned from refusals, remembered for a day."""
