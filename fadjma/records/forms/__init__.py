"""The forms of a file: records in words and by their fields, what is measured, results of tests."""
