"""The playout engine: it stitches packaged assets into live channels by wall clock."""
