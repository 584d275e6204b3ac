"""Many pictures: what is wanted, what is there already, and rendering with files read ahead and written behind."""
