"""Fine-tuning of the backbone (paper, section 3), on all devices."""
