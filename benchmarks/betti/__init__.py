"""What the benchmarks of Betti curves share: images, peers, measurements, tables."""
