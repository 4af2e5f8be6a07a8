"""Other convolutional networks: VGG, DenseNet, and EfficientNet for images and volumes."""
