"""Eight phones that push while the server is hurt, and what is looked at when it is back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import httpx

from tests.faults.ground import Ground, elapsed
from tests.faults.hand import Book, Hand
from tests.phone import Refused

PHONES = 8
BURST = 5  # changes between two pushes, at most
GIVE_UP = 30.0
Lines = Callable[[], str]


@dataclass
class Tally:
    """What came of a part. `lost` are names of acknowledged ops, `problems` say what may not be."""

    ops: int = 0
    sent: int = 0
    acked: int = 0
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    signed_in_again: int = 0
    back: list[float] = field(default_factory=list)


class Load:
    """The phones of a run: half of the class teacher's, half of the helper's."""

    def __init__(self, ground: Ground, url: Lines, rng: random.Random, count: int = PHONES) -> None:
        self.book = Book(ground)
        self.rng = rng
        self.tally = Tally()
        roles = ("class_teacher", "teacher")
        self.hands = [Hand(self.book, roles[n % 2], random.Random(rng.random()), url) for n in range(count)]

    async def sign_in(self) -> None:
        """Every phone signs in and pulls."""
        for hand in self.hands:
            await hand.sign_in()

    async def push(self, stop: asyncio.Event) -> None:
        """All phones write and push at once until they are told to stop; failures are met with patience."""
        await asyncio.gather(*(self._push(hand, stop) for hand in self.hands))

    async def _push(self, hand: Hand, stop: asyncio.Event) -> None:
        while not stop.is_set():
            hand.write(hand.rng.randint(1, BURST))
            try:
                await hand.push()
            except (httpx.TransportError, Refused) as error:
                if isinstance(error, Refused) and error.status == 401:
                    await self._sign_in_again(hand)
                elif isinstance(error, Refused) and error.status != 503:
                    hand.problems.append(f"refused: {error}")
                    return
                await asyncio.sleep(hand.rng.uniform(0.02, 0.2))

    async def _sign_in_again(self, hand: Hand) -> None:
        """Its session has ended: the same client goes on in a new one, unless that has ended too by now."""
        self.tally.signed_in_again += 1
        with suppress(Refused):
            await hand.renew()

    async def welcome(self) -> None:
        """Let those in again whose session has ended meanwhile."""
        for hand in self.hands:
            try:
                await hand.phone.exchange([])
            except Refused as refused:
                if refused.status != 401:
                    raise
                self.tally.signed_in_again += 1
                await hand.renew()

    async def back(self, since: float) -> float:
        """Wait until a new change is acknowledged; returns the seconds since then. Raises TimeoutError."""
        await self.answered(since)
        hand = self.hands[0]
        hand.write(1)
        self.tally.lost |= await hand.again()
        return elapsed(since)

    async def answered(self, since: float) -> float:
        """Wait until the server answers a sync; returns the seconds since then. Raises TimeoutError."""
        while elapsed(since) < GIVE_UP:
            try:
                await self.hands[0].phone.exchange([])
            except (httpx.TransportError, Refused):
                await asyncio.sleep(0.02)
            else:
                return elapsed(since)
        raise TimeoutError("the server does not come back")

    async def check(self) -> None:
        """Every phone sends again what the server may have forgotten; then each mark is looked for."""
        self.tally.lost |= set().union(*await asyncio.gather(*(hand.again() for hand in self.hands)))
        for hand in self.hands:
            await hand.phone.sync()
        docs = self.hands[0].phone.docs | {h.own: d for h in self.hands if (d := h.phone.docs.get(h.own))}
        here = {self.book.shared, self.book.approved, *(hand.own for hand in self.hands)}
        for doc in here & self.book.records.keys():
            record = self.book[doc]
            self.tally.lost |= record.lost(docs.get(doc))
            self.tally.doubled |= record.doubled(docs.get(doc))

    def turn(self) -> None:
        """The next round: new records, so that none grows without bound."""
        self.book.turn()
        kept = set(self.book.ground.approved)
        for hand in self.hands:
            hand.turn()
            hand.phone.docs = {i: d for i, d in hand.phone.docs.items() if i in kept}

    async def close(self) -> None:
        """Hang up."""
        for hand in self.hands:
            await hand.http.aclose()

    def sum(self) -> Tally:
        """What came of it so far, with what each phone did in all."""
        told = [f"{hand.role}: {problem}" for hand in self.hands for problem in hand.problems]
        return replace(
            self.tally,
            ops=sum(hand.phone.seq for hand in self.hands),
            sent=sum(hand.sent for hand in self.hands),
            acked=sum(len(hand.acked) for hand in self.hands),
            problems=[*self.tally.problems, *told],
        )
