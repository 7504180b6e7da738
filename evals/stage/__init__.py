"""A desk without a database: one frozen market, the roles on it, and the gates behind them."""
