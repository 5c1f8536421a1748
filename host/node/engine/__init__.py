"""The transaction: what changes the node, and what undoes it."""
