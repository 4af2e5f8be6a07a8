"""What a fit will cost, estimated before it begins: memory and time."""
