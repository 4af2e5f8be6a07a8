"""Networks from images to masks."""
