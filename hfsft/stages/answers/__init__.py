"""Answers: what a section that asks for them needs beside the question."""
