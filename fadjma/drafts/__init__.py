"""What somebody is typing: its address."""
