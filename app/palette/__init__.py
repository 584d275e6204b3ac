"""Label palette: listing, choice, favourites and search of labels, label sets, and highlighting on the canvas."""
