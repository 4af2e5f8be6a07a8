"""Networks with attention: over windows, over channels, beside convolutions, over all tokens."""
