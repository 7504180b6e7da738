"""Nodes of the graphs: shells that read the state, call one function, and return the channels they own."""
