"""MLPs on descriptors (paper, section 4.1): many side by side, cross-fitted, and the final one."""
