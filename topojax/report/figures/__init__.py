"""Figures of the page, one kind a file; each is drawn by what it shows and rendered to a URI."""
