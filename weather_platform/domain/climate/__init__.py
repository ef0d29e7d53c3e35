"""Climatology of SYNOP observations: the climatological day, quality control, months, references and normals.

Plain functions over NumPy arrays and msgspec structs. A month goes through in this order:
`grid` (rows become station × hour), `screening` (erroneous and suspect values), `days` (Tn, Tx, rain …),
`month` (the monthly `sheet`), `years` (seasons, years), `reference`, `ranks`, `records`.
"""
