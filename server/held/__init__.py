"""未接收: what the server could not take, kept whole until the office releases or closes it."""
