"""What a chat is shown: pure functions from a view to text and buttons, at most one screen of a phone."""
