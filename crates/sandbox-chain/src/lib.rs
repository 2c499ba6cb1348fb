//! A small real chain for the sandbox and the tests: Substrate's own frame with the part of subtensor that the suite uses.
