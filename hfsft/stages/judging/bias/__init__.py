"""What a judge's scores go along with beside the worth of an answer, and scores without its length."""
