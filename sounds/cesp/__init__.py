"""Sound packs of the Coding Event Sound Pack Specification (CESP) 1.0: reading, checking, finding and adding them."""
