"""`python -m topojax`."""

from topojax.cli import main

main()
