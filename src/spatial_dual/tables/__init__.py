"""The paper's tables from measured runs, beside the published numbers, never mixed with them."""
