"""Sports data: one adapter a provider behind one interface, metered and guarded.

Start at `base.Provider` for what can be asked, `model` for what comes back, `errors` for what can
go wrong, and `registry.build_registry` for the way to build it all.
"""
