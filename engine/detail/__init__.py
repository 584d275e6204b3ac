"""The detail stage: super-resolution networks of the ESRGAN family, from a file to an enlarged picture."""
