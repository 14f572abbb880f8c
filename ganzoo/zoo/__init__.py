"""The zoo's entries: names, recipes, and what a user's own file adds."""
