"""Pictures of how things went. matplotlib takes a second to import: import these when drawing."""
