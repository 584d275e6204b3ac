"""Start of the process: log, crash reports, single instance, signals, missing libraries, language and update check."""
