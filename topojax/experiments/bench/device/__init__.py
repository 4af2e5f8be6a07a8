"""The topology inside `jit` on this machine's device, beside the kernels."""
