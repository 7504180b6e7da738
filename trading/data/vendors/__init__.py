"""What the adapters of vendors share: the wire, the times of bars, the texts of news, the clients of Alpaca."""
