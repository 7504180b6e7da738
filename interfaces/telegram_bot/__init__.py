"""The Telegram face: parse (pure) -> one authoriser -> a use case of the service -> render (pure) -> the outbox."""
