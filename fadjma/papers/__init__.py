"""Papers and pictures of a file: what comes as PDF, JPEG or PNG, and stands as a record with what was sent."""
