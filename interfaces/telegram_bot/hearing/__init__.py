"""How updates come: asked for by long polling, or brought to a webhook. What becomes of them is the bot's affair."""
