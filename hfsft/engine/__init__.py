"""How a plan runs: steps, the engine over them, and the fate of every row. Knows no stage and no filter by name."""
