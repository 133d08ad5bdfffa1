"""Where ops meet docs: the only code that writes them, and the only code that reads them for people."""
