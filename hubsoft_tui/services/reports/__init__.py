"""Reports: what a day cost, where, and what was saved; kept when the rows they were made from are gone."""
