"""One budget for several machines, on a Redis or Valkey server: the only room that speaks to one."""
