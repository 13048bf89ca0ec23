"""Requests that a provider answers within a day and for less: collected into files, submitted, and taken in."""
