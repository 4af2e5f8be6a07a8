"""Commands of data sets and weight files."""
