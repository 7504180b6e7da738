"""Trading logic: when to enter, where the stop and the target are, when to leave."""
