# SPDX-License-Identifier: MIT
"""Tables, SVG plots and the closing JSON line out of the benches' lines.

Usage: report.py LINES FOLDER. A ratio compares the best times of one run, and the better of one wide
and two narrow requests on either side.
"""
import collections
import json
import math
import pathlib
import sys

PLOT_WIDTH, PLOT_HEIGHT, MARGIN = 480, 260, 48
COLOURS = {'facet': '#1a7f37', 'onnxruntime': '#9a3b8c', 'opencv': '#b35900', 'ceiling': '#888888'}


def read_lines(path):
    by_kind = collections.defaultdict(list)
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        by_kind[entry['kind']].append(entry)
    return by_kind


class Nets:
    """Images per second by (model, precision, threads, rows) and engine."""

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

    def share(self, setting, engine='facet'):
        model, precision, threads, _ = setting
        rate = self.rates[setting].get(engine)
        ceiling = self.ceilings.get((precision, threads))
        if rate is None or not ceiling:
            return None
        return rate * self.gflop[model, precision] / ceiling

    def ratios(self, precision, other):
        return {setting: rates['facet'] / rates[other] for setting, rates in self.rates.items()
                if setting[1] == precision and 'facet' in rates and other in rates}

    def int8_gains(self):
        gains = {}
        for setting, rates in self.rates.items():
            model, precision, threads, rows = setting
            plain = self.rates.get((model, 'fp32', threads, rows), {})
            if precision == 'int8' and 'facet' in rates and 'facet' in plain:
                gains[setting] = rates['facet'] / plain['facet']
        return gains


def table(header, rows):
    cells = [header] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        print('  '.join(cell.rjust(width) if i else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
    print()


def number(value, digits=0):
    return '-' if value is None else f'{value:.{digits}f}'


def print_machine(by_kind):
    for machine in by_kind['machine']:
        print(f"{machine['processors']} processors, load average {machine['load_average']} before")
        if machine['load_average'] > 0.5:
            print('others were at work: what is below for two threads, and the streams, is too low; '
                  'single threads are timed by their own processor time and hold')
        print()


def print_nets(nets):
    rows = []
    for setting, rates in sorted(nets.rates.items(), key=lambda item: (item[0][1], item[0])):
        model, precision, threads, batch = setting
        facet, ort = rates.get('facet'), rates.get('onnxruntime')
        rows.append([
            model, precision, threads, batch, number(facet), nets.ways.get((setting, 'facet'), '-'),
            number(ort), nets.ways.get((setting, 'onnxruntime'), '-'),
            number(rates.get('opencv')), number(facet / ort if facet and ort else None, 2),
            number(facet * nets.gflop[model, precision] if facet else None),
            number(nets.share(setting), 2), number(nets.share(setting, 'onnxruntime'), 2)])
    print('Images per second')
    table(['model', 'numbers', 'threads', 'n', 'facet', 'as', 'onnxrt', 'as', 'opencv',
           'facet/ort', 'GFLOP/s', 'of ceiling', 'ort of ceiling'], rows)
    for (precision, threads), gflops in sorted(nets.ceilings.items()):
        print(f'ceiling, {precision}, {threads} thread(s): {gflops:.0f} GFLOP/s')
    print()


def print_rest(by_kind):
    for precision in ('fp32', 'int8'):
        found = [d for d in by_kind['difference'] if d['precision'] == precision]
        if found:
            worst = max(found, key=lambda d: d['share'])
            print(f"largest {precision} difference between engines: {worst['share']:.2g} "
                  f"({worst['model']}, {worst['engine']})")
    print()
    if by_kind['load']:
        print('Load and memory (a process each)')
        table(['model', 'numbers', 'engine', 'max-batch', 'load ms', 'first ms', 'steady ms',
               'memory MiB'],
              [[e['model'], e['precision'], e['engine'], e['max_batch'], number(e['load_ms'], 1),
                number(e['first_ms'], 2), number(e['steady_ms'], 2), number(e['memory_mib'], 1)]
               for e in by_kind['load']])
    if by_kind['crop']:
        print('Crops per second, one thread, 1080p')
        table(['format', 'face', 'model input', 'facet', 'opencv, face alone', 'ratio'],
              [[e['format'], e['face'], e['side'], number(e['facet']), number(e['opencv']),
                number(e['facet'] / e['opencv'], 1) if e['opencv'] else '-']
               for e in by_kind['crop']])
    if by_kind['frame']:
        print('Ten faces of a 1080p frame to 62x62, microseconds per frame')
        table(['format', 'facet', 'whole frame by OpenCV, linear', 'ratio', 'area as facet', 'ratio'],
              [[e['format'], number(e['facet_us']), number(e['opencv_us']),
                number(e['opencv_us'] / e['facet_us'], 1), number(e['opencv_area_us']),
                number(e['opencv_area_us'] / e['facet_us'], 1)] for e in by_kind['frame']])
    if by_kind['streams']:
        print('Streams of 720p at 25/s, 5 faces each, p99 added latency under 100 ms')
        table(['application', 'numbers', 'streams', 'p99 ms', 'p99 ms of one more', 'frames/s at full speed',
               'processor ms per frame', 'faces per frame'],
              [[e['engine'], e['precision'], e['streams'], number(e['p99_ms'], 1),
                number(e['over_p99_ms'], 1), number(e['full_speed_fps'], 1), number(e['cpu_ms'], 1),
                number(e['faces'], 2)] for e in by_kind['streams']])
    for entry in {(e['what'], e['why']) for e in by_kind['absent']}:
        print('not run:', ': '.join(entry))


def print_single_thread(nets):
    def single(ratios):
        return [ratio for setting, ratio in ratios.items() if setting[2] == 1]
    gains = {setting: gain for setting, gain in nets.int8_gains().items() if setting[3] >= 8}
    for name, ratios in (('fp32 against ONNX Runtime', nets.ratios('fp32', 'onnxruntime')),
                         ('int8 against ONNX Runtime', nets.ratios('int8', 'onnxruntime')),
                         ('int8 against fp32, n >= 8', gains)):
        values = single(ratios)
        if values:
            print(f'one thread, {name}: {least(values):.2f} at worst, '
                  f'{geometric_mean(values):.2f} in the geometric mean')
    print()


def plot(nets, model, precision, threads, path):
    series = collections.defaultdict(list)
    for (m, p, t, rows), rates in sorted(nets.rates.items()):
        if (m, p, t) != (model, precision, threads):
            continue
        for engine, rate in rates.items():
            series[engine].append((rows, rate))
    ceiling = nets.ceilings.get((precision, threads))
    if ceiling:
        most_rows = max(rows for points in series.values() for rows, _ in points)
        rate = ceiling / nets.gflop[model, precision]
        series['ceiling'] = [(1, rate), (most_rows, rate)]
    top = max(rate for points in series.values() for _, rate in points) * 1.05
    most = max(rows for points in series.values() for rows, _ in points)
    def x(rows):
        return MARGIN + math.log2(rows) / max(math.log2(most), 1) * (PLOT_WIDTH - 2 * MARGIN)
    def y(rate):
        return PLOT_HEIGHT - MARGIN - rate / top * (PLOT_HEIGHT - 2 * MARGIN)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{PLOT_WIDTH}" '
             f'height="{PLOT_HEIGHT}" font-family="sans-serif" font-size="11">'
             f'<rect width="100%" height="100%" fill="white"/>'
             f'<text x="{MARGIN}" y="18">{model}, {precision}, {threads} thread(s): images per '
             f'second by batch size</text>'
             f'<path d="M{MARGIN},{y(0)}H{PLOT_WIDTH - MARGIN}M{MARGIN},{y(0)}V{y(top)}" '
             f'stroke="black" fill="none"/>'
             f'<text x="4" y="{y(top) + 4:.0f}">{top:.0f}</text>']
    for rows in sorted({rows for points in series.values() for rows, _ in points}):
        parts.append(f'<text x="{x(rows):.0f}" y="{y(0) + 14:.0f}" text-anchor="middle">{rows}</text>')
    for i, (engine, points) in enumerate(sorted(series.items())):
        path_data = ' '.join(f'{x(rows):.1f},{y(rate):.1f}' for rows, rate in sorted(points))
        colour = COLOURS.get(engine, 'black')
        parts.append(f'<polyline points="{path_data}" fill="none" stroke="{colour}" '
                     f'stroke-width="2"/><text x="{MARGIN + 90 * i}" y="{PLOT_HEIGHT - 10}" '
                     f'fill="{colour}">{engine}</text>')
    path.write_text('\n'.join(parts) + '</svg>\n')


def least(values):
    return round(min(values), 3) if values else None


def geometric_mean(values):
    values = list(values)
    if not values:
        return None
    return round(math.exp(sum(math.log(value) for value in values) / len(values)), 3)


def closing(by_kind, nets):
    fp32 = nets.ratios('fp32', 'onnxruntime')
    shares = [nets.share(setting) for setting in nets.rates
              if setting[1] == 'fp32' and setting[3] >= 8]
    frames = [f['opencv_us'] / f['facet_us'] for f in by_kind['frame'] if f['format'] == 'nv12']
    streams = {s['precision']: s['streams'] for s in by_kind['streams'] if s['engine'] == 'facet'}
    return {
        'fp32_vs_ort_min': least(fp32.values()),
        'fp32_vs_ort_geomean': geometric_mean(fp32.values()),
        'int8_vs_fp32_n8': least([gain for setting, gain in nets.int8_gains().items()
                                  if setting[3] >= 8]),
        'int8_vs_ort_min': least(nets.ratios('int8', 'onnxruntime').values()),
        'ceiling_share_n8': least([share for share in shares if share is not None]),
        'crop_vs_fullframe': least(frames),
        'streams_fp32': streams.get('fp32'),
        'streams_int8': streams.get('int8'),
    }


def main():
    lines, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    by_kind = read_lines(lines)
    nets = Nets(by_kind)
    print_machine(by_kind)
    print_nets(nets)
    print_single_thread(nets)
    print_rest(by_kind)
    for model, precision, threads in sorted({key[:3] for key in nets.rates}):
        plot(nets, model, precision, threads, folder / f'{model}-{precision}-{threads}.svg')
    figures = closing(by_kind, nets)
    for name, value in figures.items():
        if value is None:
            print(f'{name}: not measured here, see "not run" above')
    print(f'lines and plots: {folder}')
    (folder / 'figures.json').write_text(json.dumps(figures) + '\n')
    print(json.dumps(figures))


main()
