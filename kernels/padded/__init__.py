"""A volume cropped, padded and turned into integer levels, and the work arrays that hold it."""
