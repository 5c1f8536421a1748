"""What stands on the node. Nothing here changes it."""
