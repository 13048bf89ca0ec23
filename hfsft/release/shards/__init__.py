"""The Parquet files of a release, each written by whichever process is free."""
