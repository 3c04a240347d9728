# SPDX-License-Identifier: MIT
"""Images per second by batch size as SVG."""
import collections
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 320, 64, 24, 40, 66
NAMES = {'facet': 'Facet', 'facet-bf16': 'Facet, bf16', 'onnxruntime': 'ONNX Runtime', 'opencv': 'OpenCV',
         'ceiling': 'matrix product'}
COLOURS = {'facet': '#1a7f37', 'facet-bf16': '#7bb662', 'onnxruntime': '#9a3b8c', 'opencv': '#b35900',
           'ceiling': '#888888'}

# What is no row of measured points: the ceiling, and bf16, which runs at three sizes.
DASHES = {'ceiling': ' stroke-dasharray="5 4"', 'facet-bf16': ' stroke-dasharray="2 3"'}


def nice_step(top):
    """Of at most eight lines up to `top`: 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(top))
    return next(step * power for step in (0.1, 0.2, 0.5, 1, 2) if top / (step * power) <= 8)


def points_of(nets, course):
    series = collections.defaultdict(list)
    for rows in nets.sizes(course):
        for engine, rate in nets.rates[(*course, rows)].items():
            series[engine].append((rows, rate))
    return series


def plot(nets, course, path):
    model, precision, threads = course
    series = points_of(nets, course)
    top = max(rate for points in series.values() for _, rate in points)
    most = max(rows for points in series.values() for rows, _ in points)
    title = f'{model}, {precision}, {threads} thread{"s" if threads > 1 else ""}: images per second'
    ceiling = nets.ceilings.get((precision, threads))
    if ceiling:
        rate = ceiling / nets.gflop[model, precision]
        if rate < 1.6 * top:
            series['ceiling'] = [(1, rate), (most, rate)]
            top = max(top, rate)
        else:
            title += f' (matrix product: {rate:,.0f})'
    step = nice_step(top)
    top = math.ceil(top / step) * step

    def x(rows):
        return LEFT + math.log2(rows) / max(math.log2(most), 1) * (WIDTH - LEFT - RIGHT)

    def y(rate):
        return HEIGHT - BOTTOM - rate / top * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
             f'font-family="sans-serif" font-size="11">'
             f'<rect width="100%" height="100%" fill="white"/>'
             f'<text x="{LEFT}" y="20" font-size="13">{title}</text>']
    for line in range(round(top / step) + 1):
        rate = line * step
        parts.append(f'<path d="M{LEFT},{y(rate):.1f}H{WIDTH - RIGHT}" stroke="#e0e0e0"/>'
                     f'<text x="{LEFT - 6}" y="{y(rate) + 4:.0f}" text-anchor="end">{rate:,.0f}</text>')
    rows = 1
    while rows <= most:
        parts.append(f'<text x="{x(rows):.0f}" y="{y(0) + 15:.0f}" text-anchor="middle">{rows}</text>')
        rows *= 2
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{y(0) + 31:.0f}" '
                 f'text-anchor="middle">batch size</text>'
                 f'<path d="M{LEFT},{y(0):.1f}H{WIDTH - RIGHT}" stroke="black"/>')
    parts += lines(series, x, y)
    path.write_text('\n'.join(parts) + '</svg>\n')


def lines(series, x, y):
    place = LEFT
    for engine in (name for name in NAMES if name in series):
        points = sorted(series[engine])
        colour = COLOURS[engine]
        dashes = DASHES.get(engine, '')
        way = ' '.join(f'{x(rows):.1f},{y(rate):.1f}' for rows, rate in points)
        yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        if engine != 'ceiling':
            yield ''.join(f'<circle cx="{x(rows):.1f}" cy="{y(rate):.1f}" r="2.5" fill="{colour}"/>'
                          for rows, rate in points)
        yield (f'<path d="M{place:.0f},{HEIGHT - 12}h16" stroke="{colour}" stroke-width="2"{dashes}/>'
               f'<text x="{place + 20:.0f}" y="{HEIGHT - 8}">{NAMES[engine]}</text>')
        place += 40 + 6.2 * len(NAMES[engine])
