"""The networks of `backbones.py`: what is timed here and in torch, on the same weights."""
