"""The paper broker: an exchange of our own on the prices of any market source."""
