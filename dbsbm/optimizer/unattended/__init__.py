"""The closed loop: what is proved is applied, watched, and kept or taken back, without a person."""
