"""Versioned prompt files, and the loading, rendering and digest of them."""
