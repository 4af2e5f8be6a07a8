"""Arrays that come in row by row and survive a kill: maps of images, and images themselves."""
