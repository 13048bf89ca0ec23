"""Models of the Hub or of a folder as transformers loads them: tokenizers with their chat templates, classifiers."""
