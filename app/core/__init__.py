"""What all rooms stand on; knows no room."""
