"""Help: tour, painting guide, sample gallery, about dialog with licences, and error reports."""
