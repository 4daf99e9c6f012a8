"""Draws growth curves as SVG: both axes logarithmic, ours a full line, the peer's a broken one, readable on light and dark pages."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 430
LEFT, RIGHT, TOP, BOTTOM = 70, 330, 40, 50
# Middle tones: they stand out on white and on black.
COLOURS = ("#2f81f7", "#d9730d", "#2da44e", "#bf4bb8", "#b08800", "#e5534b", "#1a9ba8", "#8b6fd6", "#768390", "#c2255c", "#5c940d",
           "#4263eb", "#e8590c", "#0b7285")
STYLE = """
  text { font: 12px sans-serif; fill: #57606a }
  .title { font-size: 15px; font-weight: bold }
  .grid { stroke: #8b949e; stroke-opacity: .3 }
  @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }
"""


def by_unit(curves):
    """Curves of milliseconds and of megabytes do not share an axis."""
    split = {}
    for what, sides in curves.items():
        split.setdefault("megabytes" if what.endswith("MB") else "milliseconds", {})[what] = sides
    return split


class Scale:
    """Powers of ten along one axis."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values))))
        self.begin, self.end = begin, end

    def at(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    def marks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def svg(title, along, unit, curves):
    points = [point for sides in curves.values() for side in sides.values() for point in side if point[0] > 0 and point[1] > 0]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">', f"<title>{escape(title)}</title>",
           f"<style>{STYLE}</style>", f'<text class="title" x="{LEFT}" y="22">{escape(title)} ({unit})</text>']
    if points:
        across = Scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
        up = Scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
        out += axes(across, up, along)
        for number, (what, sides) in enumerate(curves.items()):
            colour = COLOURS[number % len(COLOURS)]
            out += [line(across, up, side, colour, name == "peer") for name, side in sides.items()]
            y = TOP + 8 + 17 * number
            out.append(f'<rect x="{WIDTH - RIGHT + 18}" y="{y - 8}" width="10" height="10" fill="{colour}"/>')
            out.append(f'<text x="{WIDTH - RIGHT + 34}" y="{y + 1}">{escape(what)}</text>')
        out.append(f'<text x="{WIDTH - RIGHT + 18}" y="{HEIGHT - BOTTOM}">full: ours, broken: peer</text>')
    return "\n".join([*out, "</svg>", ""])


def axes(across, up, along):
    out = []
    for value in across.marks():
        x = across.at(value)
        out.append(f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}"/>')
        out.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,.0f}</text>')
    for value in up.marks():
        y = up.at(value)
        out.append(f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,g}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(along)}</text>')
    return out


def line(across, up, points, colour, broken):
    places = [(across.at(x), up.at(y)) for x, y in points if x > 0 and y > 0]
    path = " ".join(f"{x},{y}" for x, y in places)
    dashes = ' stroke-dasharray="6 5"' if broken else ""
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>{dots}'
