"""The queue and the budget: who may send a request, and when."""
