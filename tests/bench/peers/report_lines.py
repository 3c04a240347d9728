# SPDX-License-Identifier: MIT
"""What the benches printed, of which the latest of each setting counts, and what follows from it."""
import collections
import json
import math

# What tells one line of a kind from the next.
KEYS = {
    'net': ('model', 'precision', 'threads', 'rows'),
    'model': ('model', 'precision'),
    'difference': ('model', 'precision'),
    'accuracy': ('model', 'precision'),
    'load': ('model', 'precision', 'engine', 'max_batch'),
    'crop': ('format', 'face', 'side'),
    'frame': ('format',),
    'streams': ('engine', 'precision'),
}


def read_lines(path):
    """By kind. A run begins with a line of kind machine; a later one replaces settings as a whole, so
    that what is compared comes out of one run."""
    runs = []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if entry['kind'] == 'machine':
            runs.append([])
        runs[-1].append(entry)
    latest = {}
    for number, run in enumerate(runs):
        for entry in run:
            latest[setting_of(entry)] = number
    by_kind = collections.defaultdict(list)
    for number, run in enumerate(runs):
        for entry in run:
            if latest[setting_of(entry)] == number:
                by_kind[entry['kind']].append(entry)
    return by_kind


def setting_of(entry):
    """Lines of other kinds stand for themselves."""
    keys = KEYS.get(entry['kind'])
    return (entry['kind'], *((entry[key] for key in keys) if keys else (id(entry),)))


class Nets:
    """Images per second by (model, precision, threads, rows) and engine: the better of one wide and two
    narrow requests."""

    def __init__(self, by_kind):
        self.rates = collections.defaultdict(dict)
        self.ways = {}
        for net in by_kind['net']:
            setting = (net['model'], net['precision'], net['threads'], net['rows'])
            rate = net['rows'] / net['best_s']
            if rate > self.rates[setting].get(net['engine'], 0):
                self.rates[setting][net['engine']] = rate
                self.ways[setting, net['engine']] = net['mode']
        self.gflop = {(m['model'], m['precision']): m['gflop'] for m in by_kind['model']}
        # The machine's best, since a neighbour can only take from it.
        self.ceilings = collections.defaultdict(float)
        for c in by_kind['ceiling']:
            key = c['precision'], c['threads']
            self.ceilings[key] = max(self.ceilings[key], c['gflops'])

    def courses(self):
        """(model, precision, threads), fp32 first."""
        return sorted({key[:3] for key in self.rates}, key=lambda key: (key[1], key[0], key[2]))

    def sizes(self, course):
        return sorted(key[3] for key in self.rates if key[:3] == course)

    def share(self, setting, engine='facet'):
        model, precision, threads, _ = setting
        rate = self.rates[setting].get(engine)
        ceiling = self.ceilings.get((precision, threads))
        if rate is None or not ceiling:
            return None
        return rate * self.gflop[model, precision] / ceiling

    def shares(self):
        """Of the ceiling, fp32, batches of 8 and more."""
        shares = {setting: self.share(setting) for setting in self.rates
                  if setting[1] == 'fp32' and setting[3] >= 8}
        return {setting: share for setting, share in shares.items() if share is not None}

    def ratios(self, precision, other):
        return {setting: rates['facet'] / rates[other] for setting, rates in self.rates.items()
                if setting[1] == precision and 'facet' in rates and other in rates}

    def int8_gains(self, least_rows=1):
        gains = {}
        for setting, rates in self.rates.items():
            model, precision, threads, rows = setting
            plain = self.rates.get((model, 'fp32', threads, rows), {})
            if precision == 'int8' and 'facet' in rates and 'facet' in plain and rows >= least_rows:
                gains[setting] = rates['facet'] / plain['facet']
        return gains

    def dents(self, depth=0.9):
        """Sizes slower than both of their neighbours, and how much: (setting, share of the slower one)."""
        found = []
        for course in self.courses():
            sizes = [n for n in self.sizes(course) if 'facet' in self.rates[(*course, n)]]
            rate = {n: self.rates[(*course, n)]['facet'] for n in sizes}
            for before, here, after in zip(sizes, sizes[1:], sizes[2:]):
                share = rate[here] / min(rate[before], rate[after])
                if share < depth:
                    found.append(((*course, here), share))
        return sorted(found, key=lambda dent: dent[1])


def least(values):
    return round(min(values), 3) if values else None


def geometric_mean(values):
    values = list(values)
    if not values:
        return None
    return round(math.exp(sum(math.log(value) for value in values) / len(values)), 3)
