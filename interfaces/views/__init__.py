"""View models: what every use case answers, the same for all faces.

Field names are a contract with scripts and dashboards: ``domain.record.canonical.plain`` turns a view into its JSON
document. Where a noun of the domain already says it all (an order, a fill, a candidate) the view holds that noun. Text
in a view is already filled in, and still untrusted: a face escapes it.
"""
