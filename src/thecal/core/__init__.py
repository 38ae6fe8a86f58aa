"""What every room shares: expressions, declarations, register, quantities, random streams, errors."""
