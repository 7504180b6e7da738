"""The language-model port and its twins, and one file for each role."""
