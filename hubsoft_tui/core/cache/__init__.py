"""What is remembered: records, the questions they answer, and how long they count."""
