"""Regions of interest: maps fused, scaled and thresholded, for one rule or for a population."""
