"""Residual networks: ResNet for images, R3D, MC3 and R(2+1)D for volumes."""
