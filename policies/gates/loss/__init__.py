"""Gates on how much has been lost."""
