"""Who is still there. A War Room's missions are held by a lease: its process lives, or its heartbeat goes on.

On this machine the kernel knows at once whether a process lives. Of one on another machine, and of one that hangs, only
the heartbeat tells: when it has not changed for `lease_s` of *our* uninterrupted watching, its owner is taken for dead.
So no two clocks are compared, and a laptop that slept does not wake up to find everybody dead.
"""

from collections.abc import Collection

from agents.clock import Clock
from agents.dispatch.owner import is_alive
from agents.store import Store


class Leases:
    """This process's own heartbeat, and what it saw of the others'."""

    def __init__(self, store: Store, clock: Clock, owner: str, lease_s: float) -> None:
        self.owner = owner
        self._store = store
        self._clock = clock
        self._lease_s = lease_s
        self._gap_s = max(lease_s / 2, 5.0)
        """Who was not looked at for so long was not watched meanwhile."""
        self._seen: dict[str, tuple[str, float, float]] = {}
        """Of each owner: its last beat, since when we have seen that one, and when we last looked."""
        self._beaten_at = float("-inf")

    async def keep(self) -> bool:
        """Renew our lease when a third of it is over; whether that was so."""
        now = self._clock.monotonic()
        if now - self._beaten_at < self._lease_s / 3:
            return False
        self._beaten_at = now
        await self._store.beat(self.owner)
        return True

    async def dead(self, owners: Collection[str]) -> frozenset[str]:
        """Those of `owners` that are gone. Nobody ("") is: what he holds was given up."""
        others = {owner for owner in owners if owner != self.owner}
        gone = {owner for owner in others if not is_alive(owner)}
        if others - gone:
            beats, now = await self._store.beats(), self._clock.monotonic()
            for owner in others - gone:
                beat = beats.get(owner, "")
                seen, since, looked = self._seen.get(owner, (None, now, now))
                if seen != beat or now - looked > self._gap_s:
                    since = now
                self._seen[owner] = (beat, since, now)
                if now - since >= self._lease_s:
                    gone.add(owner)
        return frozenset(gone)

    async def release(self) -> None:
        """Say goodbye: our slots are free."""
        await self._store.forget_owners([self.owner])
