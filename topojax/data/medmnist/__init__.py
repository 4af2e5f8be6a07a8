"""MedMNIST's data sets: what is published, how it is fetched and read."""
