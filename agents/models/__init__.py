"""Models: one protocol, three implementations (ollama, claude, simulated), prices, tolerant reading of replies."""
