"""Files of pictures and label maps, and the provenance in rendered PNGs."""
