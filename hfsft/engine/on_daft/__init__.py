"""The executor over Daft (`hfsft[scale]`): rows in Parquet parts, worked on by the queries of a data engine."""
