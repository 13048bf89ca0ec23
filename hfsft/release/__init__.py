"""What a build leaves behind: data, card, report, and the release on the Hub."""
