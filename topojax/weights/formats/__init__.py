"""Files of weights, of torch, safetensors and numpy, read without running what they hold."""
