"""Answers that call tools: what a recipe says of it, how a row is answered so, what card and report tell."""
