"""HTTP as both versions of Stream need it: bounded responses, and limits on the rate of calls."""
