"""What filters compare rows with beside the rows themselves: earlier releases, held-out files, evaluation sets."""
