"""Rendering many pictures: the plan, what exists already, and files read ahead and written behind."""
