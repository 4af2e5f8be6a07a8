"""What searches are held against: the paper's loop, and functions of known minimum."""
