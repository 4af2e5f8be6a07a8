"""What `topojax bench` times: one room a benchmark, what they share beside them."""
