# SPDX-License-Identifier: MIT
"""Tables, SVG plots and the closing JSON line out of the benches' lines.

Usage: report.py LINES FOLDER. A ratio compares the best times of one run, and the better of one wide
and two narrow requests on either side.
"""
import json
import pathlib
import sys

from report_lines import Nets, geometric_mean, least, read_lines
from report_plot import NAMES, plot


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
    loads = [machine['load_average'] for machine in by_kind['machine']]
    print(f"{by_kind['machine'][-1]['processors']} processors, load average before "
          f"{'each of the runs' if len(loads) > 1 else 'the run'}: "
          f"{', '.join(f'{load:g}' for load in loads)}")
    if max(loads) > 0.5:
        print('others had been at work: if they went on, what is below for two threads and the streams is '
              'too low; single threads are timed by their own processor time and hold')
    print()


def print_nets(nets):
    """A block per model, numbers and threads: a line per engine, a column per batch size."""
    if not nets.rates:
        return
    print('Images per second by batch size; "as 2 x 1": two requests of one thread each, on halves of the batch')
    for course in nets.courses():
        model, precision, threads = course
        settings = [(*course, rows) for rows in nets.sizes(course)]
        rows = []
        for engine in NAMES:
            if any(engine in nets.rates[setting] for setting in settings):
                rows.append([NAMES[engine]] + [number(nets.rates[s].get(engine)) for s in settings])
            if engine in ('facet', 'onnxruntime') and any(
                    nets.ways.get((s, engine)) == 'narrow' for s in settings):
                rows.append(['  as 2 x 1'] + ['*' if nets.ways.get((s, engine)) == 'narrow' else ''
                                              for s in settings])
        against = nets.ratios(precision, 'onnxruntime')
        rows.append(['Facet / ONNX Runtime'] + [number(against.get(s), 2) for s in settings])
        gains = nets.int8_gains()
        if precision == 'int8':
            rows.append(['int8 / fp32'] + [number(gains.get(s), 2) for s in settings])
        rows.append(['Facet, GFLOP/s'] + [
            number(nets.rates[s]['facet'] * nets.gflop[model, precision]
                   if 'facet' in nets.rates[s] else None) for s in settings])
        for engine in ('facet', 'onnxruntime'):
            rows.append([f'{NAMES[engine]}, of ceiling'] + [number(nets.share(s, engine), 2)
                                                            for s in settings])
        table([f'{model}, {precision}, {threads} thread{"s" if threads > 1 else ""}'] +
              [f'n={s[3]}' for s in settings], rows)
    for (precision, threads), gflops in sorted(nets.ceilings.items()):
        print(f'ceiling, {precision}, {threads} thread(s): {gflops:.0f} GFLOP/s')
    print()


def print_worst(nets):
    def name(setting):
        model, precision, threads, rows = setting
        return f'{model} {precision}, {threads} thread(s), n={rows}'

    for title, ratios in (('fp32 against ONNX Runtime', nets.ratios('fp32', 'onnxruntime')),
                          ('int8 against ONNX Runtime', nets.ratios('int8', 'onnxruntime')),
                          ('int8 against fp32, n = 1', {s: gain for s, gain in nets.int8_gains().items()
                                                        if s[3] == 1}),
                          ('int8 against fp32, n >= 8', nets.int8_gains(8)),
                          ('fp32 of the ceiling, n >= 8', nets.shares())):
        for threads in (1, 2):
            some = {setting: ratio for setting, ratio in ratios.items() if setting[2] == threads}
            if some:
                worst = min(some, key=some.get)
                print(f'{title}, {threads} thread(s): {some[worst]:.2f} at worst ({name(worst)}), '
                      f'{geometric_mean(some.values()):.2f} in the geometric mean')
    dents = nets.dents()
    if dents:
        print('\nBatch sizes below nine tenths of the slower of their neighbours')
        table(['where', 'share'], [[name(setting), number(share, 2)] for setting, share in dents])
    print()


def print_bf16(nets):
    rows = []
    for setting, rates in sorted(nets.rates.items(), key=lambda item: (item[0][2], item[0])):
        if 'facet-bf16' in rates and 'facet' in rates:
            model, _, threads, batch = setting
            whole = nets.rates.get((model, 'int8', threads, batch), {}).get('facet')
            rows.append([model, threads, batch, number(rates['facet']), number(rates['facet-bf16']),
                         number(rates['facet-bf16'] / rates['facet'], 2), number(whole),
                         number(whole / rates['facet'] if whole else None, 2)])
    if rows:
        print('Facet by numbers, images per second')
        table(['model', 'threads', 'n', 'fp32', 'bf16', 'bf16/fp32', 'int8', 'int8/fp32'], rows)


def print_accuracy(by_kind):
    if by_kind['accuracy']:
        print('Against the float evaluation, on every photo (detectors) or every face on them')
        table(['model', 'numbers', 'rows', 'output', 'what', 'value', 'unit'],
              [[e['model'], e['precision'], e['rows'], e['output'], e['what'],
                f"{e['value']:.4g}", e['unit']] for e in by_kind['accuracy']])
    for precision in ('fp32', 'int8'):
        found = [d for d in by_kind['difference'] if d['precision'] == precision]
        if found:
            worst = max(found, key=lambda d: d['share'])
            print(f"largest {precision} difference between engines: {worst['share']:.2g} "
                  f"({worst['model']}, {worst['engine']})")
    print()


def print_rest(by_kind):
    if by_kind['load']:
        print('Load and memory (a process each)')
        table(['model', 'numbers', 'engine', 'max-batch', 'load ms', 'first ms', 'steady ms',
               'memory MiB'],
              [[e['model'], e['precision'], NAMES[e['engine']], e['max_batch'], number(e['load_ms'], 1),
                number(e['first_ms'], 2), number(e['steady_ms'], 2), number(e['memory_mib'], 1)]
               for e in by_kind['load']])
    if by_kind['crop']:
        print('Crops per second, one thread, 1080p')
        table(['format', 'face', 'model input', 'Facet', 'OpenCV, face alone', 'ratio'],
              [[e['format'], e['face'], e['side'], number(e['facet']), number(e['opencv'] or None),
                number(e['facet'] / e['opencv'], 1) if e['opencv'] else '-']
               for e in by_kind['crop']])
    if by_kind['frame']:
        print('Ten faces of a 1080p frame to 62x62, microseconds per frame')
        table(['format', 'Facet', 'whole frame by OpenCV, linear', 'ratio', 'area as Facet', 'ratio'],
              [[e['format'], number(e['facet_us']), number(e['opencv_us']),
                number(e['opencv_us'] / e['facet_us'], 1), number(e['opencv_area_us']),
                number(e['opencv_area_us'] / e['facet_us'], 1)] for e in by_kind['frame']])
    if by_kind['streams']:
        print('Streams of 720p at 25/s, 5 faces each, p99 added latency under 100 ms')
        table(['application', 'numbers', 'streams', 'p99 ms', 'p99 ms of one more', 'frames/s at full speed',
               'processor ms per frame', 'faces per frame', 'requests x threads'],
              [[NAMES[e['engine']], e['precision'], e['streams'],
                number(e['p99_ms'] if e['streams'] else None, 1),
                number(e['over_p99_ms'], 1), number(e['full_speed_fps'], 1), number(e['cpu_ms'], 1),
                number(e['faces'], 2), e['division']] for e in by_kind['streams']])
    for entry in sorted({(e['what'], e['why']) for e in by_kind['absent']}):
        print('not run:', ': '.join(entry))


def closing(by_kind, nets):
    frames = [f['opencv_us'] / f['facet_us'] for f in by_kind['frame'] if f['format'] == 'nv12']
    streams = {s['precision']: s['streams'] for s in by_kind['streams'] if s['engine'] == 'facet'}
    fp32 = nets.ratios('fp32', 'onnxruntime').values()
    return {
        'fp32_vs_ort_min': least(fp32),
        'fp32_vs_ort_geomean': geometric_mean(fp32),
        'int8_vs_fp32_n8': least(nets.int8_gains(8).values()),
        'int8_vs_ort_min': least(nets.ratios('int8', 'onnxruntime').values()),
        'ceiling_share_n8': least(nets.shares().values()),
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
    print_worst(nets)
    print_bf16(nets)
    print_accuracy(by_kind)
    print_rest(by_kind)
    for course in nets.courses():
        plot(nets, course, folder / ('-'.join(map(str, course)) + '.svg'))
    figures = closing(by_kind, nets)
    for name, value in figures.items():
        if value is None:
            print(f'{name}: not measured')
    print(f'lines and plots: {folder}')
    (folder / 'figures.json').write_text(json.dumps(figures) + '\n')
    print(json.dumps(figures))


main()
