"""The wire: requests as data, answers as models. No I/O; the only place that knows HubSoft's field names."""
