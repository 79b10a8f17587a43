"""One configuration, many targets: a table in, a table and a gallery out."""
