"""What the server remembers: the city, what control did to it, who asked.

Everything that can change between two requests lives here, behind one lock,
so that `reset` can forget it in one place.
"""

import copy
import threading
import time
from collections import Counter, deque
from datetime import timedelta

import city as city_module
import clock

# How much is kept of what was rendered: so many bytes, or every event once.
CACHE_LIMIT = 900 << 20
EVENT_BYTES = 6000


class Gate:
    """Holds requests back until a test has seen them wait."""

    def __init__(self):
        self.pattern = None
        self.opened = threading.Event()
        self.hanging = 0

    def close(self, pattern):
        """Hold every request whose path contains the pattern."""
        self.opened = threading.Event()
        self.pattern = pattern

    def open(self):
        """Let everyone go on."""
        self.pattern = None
        self.opened.set()

    def holds(self, request):
        """Tell whether a request has to wait."""
        return self.pattern is not None and self.pattern in request.target


class World:
    """The city as it is now."""

    def __init__(self, events=400, seed=1, now=None, token='demo-token'):
        self.start = (events, seed, clock.parse_now(now), token)
        self.lock = threading.RLock()
        self.gate = Gate()
        # Who is being served at this moment; a reset doesn't send them away.
        self.in_flight = 0
        self.stalled = 0
        self.reset()

    def reset(self):
        """Return to the state the command line asked for."""
        with self.lock:
            self.count, seed, today, self.token = self.start
            self.city = city_module.City(seed, today)
            self.stubs = []
            self.extra = {}
            self.drafts = [self.city.stub(city_module.DRAFT + k)
                           for k in range(3)]
            self.removed = set()
            self.patches = {}
            self.json_patches = {}
            self.bad = {}
            self.image_salt = 0
            self.nb_changes = 0
            self.revision = 0
            self.drift = 0
            self.spikes = 0
            self.repeats = 0
            self.listings = {}
            self.rendered = {}
            self.rendered_size = 0
            self.feeds = {}
            self.portal = {}
            self.site = {}
            self.meetup = {}
            self.meetup_tokens = {}
            self.nb_stamps = 0
            self.fault_memory = {}
            self.landed = []
            self.too_early = 0
            self.budget = None
            self.budget_reset = 874
            self.budget_until = 0.0
            self.nb_api = 0
            self.forget_requests()
            self.gate.open()

    # -- the events -----------------------------------------------------------

    def all_stubs(self):
        """Return the stubs of every event that exists now."""
        with self.lock:
            for index in range(len(self.stubs), self.count):
                self.stubs.append(self.city.stub(index))
            stubs = self.stubs[:self.count]
            if self.removed:
                stubs = [s for s in stubs if s.id not in self.removed]
            return stubs + [s for s in self.extra.values()
                            if s.id not in self.removed]

    def stub(self, event_id):
        """Return an event's stub, or None when there is no such event."""
        with self.lock:
            if event_id in self.removed:
                return None
            if event_id in self.extra:
                return self.extra[event_id]
            for draft in self.drafts:
                if draft.id == event_id:
                    return draft
            index = self.city.index_of(event_id)
            if index is None or index >= self.count:
                return None
            if index < len(self.stubs):
                return self.stubs[index]
            return self.city.stub(index)

    def facts(self, stub):
        """Return an event's facts with what control changed in them."""
        facts = self.city.facts(stub)
        for name, value in self.patches.get(stub.id, {}).items():
            setattr(facts, name, value)
        return facts

    def listing(self, key, choose, order):
        """Return a cached ordered list of stubs; key names the question."""
        with self.lock:
            kept = self.listings.get(key)
            if kept is not None and kept[0] == self.revision:
                return kept[1]
            if len(self.listings) > 200:
                self.listings.clear()
            stubs = order(choose(self))
            self.listings[key] = (self.revision, stubs)
            return stubs

    # -- what control does to them --------------------------------------------

    def next_instant(self):
        """Return a UTC time after every other `changed`."""
        self.nb_changes += 1
        return self.city.now_utc + timedelta(seconds=self.nb_changes)

    def touched(self, event_id, order=True):
        """Drop what was rendered of an event; order: lists may change too."""
        for pages in self.rendered.values():
            pages.pop(event_id, None)
        self.feeds.clear()
        if order:
            self.revision += 1

    def patch(self, event_id, facts=None, stub=None, json_path=None,
              value=None):
        """Change facts, stub attributes or one JSON path of an event."""
        with self.lock:
            current = self.stub(event_id)
            if current is None:
                raise KeyError(event_id)
            changes = self.patches.setdefault(event_id, {})
            changes.update(facts or {})
            changes['changed'] = self.next_instant()
            if json_path is not None:
                self.json_patches.setdefault(event_id, {})[json_path] = value
            if stub:
                changed = copy.copy(current)
                for name, new in stub.items():
                    setattr(changed, name, new)
                if 'status' not in stub and current.status != 'canceled':
                    changed.status = self.city.status_at(changed.start,
                                                         changed.end)
                self._replace(changed)
            self.touched(event_id, order=bool(stub)
                         or 'title' in (facts or {}))

    def _replace(self, stub):
        if stub.id in self.extra:
            self.extra[stub.id] = stub
            return
        self.all_stubs()
        if stub.index < len(self.stubs):
            self.stubs[stub.index] = stub
        else:
            self.drafts = [stub if d.id == stub.id else d
                           for d in self.drafts]

    def remove(self, event_id):
        """Make an event vanish, as an unpublished one does."""
        with self.lock:
            if self.stub(event_id) is None:
                raise KeyError(event_id)
            self.removed.add(event_id)
            self.touched(event_id)

    def restore(self, event_id):
        """Bring a removed event back."""
        with self.lock:
            if event_id not in self.removed:
                raise KeyError(event_id)
            self.removed.discard(event_id)
            self.touched(event_id)

    def add(self, count=1):
        """Create events; they come last by creation."""
        with self.lock:
            made = []
            for _ in range(count):
                stub = self.city.stub(city_module.ADDED + len(self.extra))
                stub.created = self.next_instant()
                self.extra[stub.id] = stub
                made.append(stub)
            self.revision += 1
            return made

    def insert_before(self, first):
        """Create an event that sorts just before another in any order."""
        with self.lock:
            stub = self.add()[0]
            stub.start = first.start - timedelta(minutes=1)
            stub.created = first.created - timedelta(seconds=1)
            stub.status = first.status
            self.patches.setdefault(stub.id, {}).update(
                title='\u00a1' + self.city.facts(first).title)
            self.revision += 1
            return stub

    def set_count(self, count):
        """Set how many events the city has; the others don't change."""
        with self.lock:
            self.count = count
            self.feeds.clear()
            self.revision += 1

    def keep_rendered(self, key, event_id, data):
        """Remember an event's bytes, within the limit."""
        if self.rendered_size > max(CACHE_LIMIT, self.count * EVENT_BYTES):
            self.rendered.clear()
            self.rendered_size = 0
        self.rendered.setdefault(key, {})[event_id] = data
        self.rendered_size += len(data)

    # -- who asked ------------------------------------------------------------

    def forget_requests(self):
        """Start counting anew."""
        self.paths = Counter()
        self.statuses = Counter()
        self.recent = deque(maxlen=500)
        self.nb_requests = 0

    def record(self, entry):
        """Remember one request."""
        with self.lock:
            self.nb_requests += 1
            self.paths[entry['path']] += 1
            self.statuses[str(entry['status'])] += 1
            self.recent.append(entry)

    # -- the hourly budget ----------------------------------------------------

    def spend(self):
        """Count an API call; return (allowed, used, limit, reset)."""
        with self.lock:
            self.nb_api += 1
            if self.budget is None:
                # Stays far from the limit, so that nobody slows down.
                return True, 70 + self.nb_api % 100, 2000, 874
            left = self.budget_until - time.monotonic()
            if left <= 0:
                self.budget_used = 0
                self.budget_until = time.monotonic() + self.budget_reset
                left = self.budget_reset
            self.budget_used += 1
            used = min(self.budget_used, self.budget)
            return (self.budget_used <= self.budget, used, self.budget,
                    max(1, int(left + .999)))

    def set_budget(self, budget, reset):
        """Allow so many calls, then refuse until the reset."""
        with self.lock:
            self.budget = budget
            self.budget_reset = reset
            self.budget_used = 0
            self.budget_until = time.monotonic() + reset
