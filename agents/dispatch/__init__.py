"""Who works on what, when: slots per tier, the queue, the plan carried out arm by arm, cooldown, recovery."""
