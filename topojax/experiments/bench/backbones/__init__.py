"""Backbones and their maps here and in torch, on the same weights."""
