"""What a changed pin costs, against the layout of one layer and a file that a person wrote."""
