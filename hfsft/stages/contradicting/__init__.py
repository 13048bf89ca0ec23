"""Similar questions whose answers disagree: which they are, and a model that judges each pair."""
