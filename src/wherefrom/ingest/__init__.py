"""Foreign tables -> drafts of a knowledge base: read with their positions, checked, shown, and written whole or not at all."""
