"""Load: closed and open loops, the scheduler that finds races, native generators."""
