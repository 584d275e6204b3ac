"""Files of pictures and label maps, and the record that a PNG carries of its picture."""
