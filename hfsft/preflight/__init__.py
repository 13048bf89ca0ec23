"""What would stop a build, found before it costs anything."""
