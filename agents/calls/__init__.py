"""What stands between a question and a call: the budget, the breakers, and the models in their order."""
