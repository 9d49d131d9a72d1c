"""The door on HTTP. Nothing outside this folder knows of requests and responses."""
