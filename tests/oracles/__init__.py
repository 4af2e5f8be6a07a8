"""What the tests compare topojax with: one way to ask each, and plain numpy written anew here."""
