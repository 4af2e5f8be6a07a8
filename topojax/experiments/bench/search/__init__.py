"""The search of the ROI's rule, beside the paper's loop."""
