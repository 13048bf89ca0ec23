"""Counts over very many values that take the same memory however many they are."""
