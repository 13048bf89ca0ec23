"""What a text's letters give away: damage by encodings, what nobody sees, markup, addresses, the language."""
