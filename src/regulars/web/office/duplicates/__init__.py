"""Members who may be there twice, and letting two records be one."""
