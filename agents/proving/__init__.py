"""The proving ground: graded tasks with checks that reject a plausible wrong solution. The demo draws from it."""
