"""Pupils (学生) at the office: a plain list, from which a visit is arranged or records are opened."""
