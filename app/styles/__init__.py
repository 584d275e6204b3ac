"""Styles of rendered pictures: reference photographs, built-in styles, mixes, favourites and the style history."""
