"""The rules of betting: odds, units, picks, grading and records. Pure functions of Decimals."""
