"""Playing a recording: a clock, a pool and a sampler of the kinds that the screens know, without a server."""
