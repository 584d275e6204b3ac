"""The palette: labels offered, chosen, favoured, switched, and found on the canvas."""
