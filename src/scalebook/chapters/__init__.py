"""The book itself: one folder per chapter, one folder per unit."""
