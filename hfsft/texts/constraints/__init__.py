"""What an instruction asks of the form of an answer, where a program can see whether it was done."""
