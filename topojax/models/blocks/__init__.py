"""What the networks are built of: layers, attention, convolution by formulation, initial laws."""
