"""A report of eval suites: one JSON document, one page for people, one JUnit file for continuous integration."""
