"""Workbooks of a school (名册导入): read by meaning, planned against what is known, written as ops."""
