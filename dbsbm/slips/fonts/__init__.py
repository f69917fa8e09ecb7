"""The font files slips are drawn with. README.md says where each comes from."""
