"""Answers to problems of mathematics: when two that are written in other ways are the same."""
