"""The process: log, crash reports, single instance, signals, missing libraries, language."""
