"""Betti curves here and in other libraries: images, peers, measurements, tables."""
