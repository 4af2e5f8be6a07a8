"""Training by epochs, whatever is trained: updates on all devices, the best epoch, resuming."""
