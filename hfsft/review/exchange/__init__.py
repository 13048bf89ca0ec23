"""Rows and verdicts in files of other tools: a table for spreadsheets, tasks of Label Studio; and read back."""
