"""What is wrong with a recipe beside its form: secrets, reaches, languages, licences."""
