"""The suites, one module each; ``evals/catalogue.py`` lists them."""
