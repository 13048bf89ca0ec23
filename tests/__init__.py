"""The tests of hfsft."""
