#!/usr/bin/env python3
"""Draws the samples of the memory law's test as SVG: plot.py SAMPLES.csv RESIDENT_MIB TOTAL_MIB > OUT.svg

The two bounds are those that `holdfast-gateway --config deploy/small.yaml --check-config` prints.
"""

import csv
import sys
from html import escape
from typing import NamedTuple

MIB = 1 << 20
WIDTH, LEFT, RIGHT = 960, 64, 150
# Readable on white and on black: mid-tones, and a grey for all that is text.
TEXT, GRID, BAND = "#7d8590", "#7d859055", "#7d85901c"
RED, BLUE, ORANGE, GREEN, VIOLET = "#e5534b", "#4184e4", "#d4762c", "#46954a", "#986ee2"


class Line(NamedTuple):
    label: str
    colour: str
    value: object  # of a row, in the panel's unit


class Panel(NamedTuple):
    title: str
    unit: str
    height: int
    top: float  # the largest value of its axis
    step: float
    lines: tuple
    bounds: tuple = ()  # (label, colour, value)


def mib(column):
    return lambda row: float(row[column]) / MIB


def panels(rows, resident, total):
    connections = max(float(row["connections"]) for row in rows)
    return (
        Panel("Memory of the gateway", "MiB", 300, 70, 10, (
            Line("cgroup, held", BLUE,
                 lambda row: (int(row["cgroup_bytes"]) - int(row["cgroup_cache_bytes"])) / MIB),
            Line("RSS", ORANGE, mib("rss_bytes")),
            Line("sockets' buffers", GREEN, mib("cgroup_socket_bytes")),
        ), ((f"cgroup bound {total}", BLUE, total), (f"RSS bound {resident}", ORANGE, resident))),
        Panel("Held for requests and replies", "MiB", 150, 20, 5, (
            Line("requests", VIOLET, mib("pending_bytes")),
            Line("replies", GREEN, mib("reply_bytes")),
        ), (("pending_bytes 16", VIOLET, 16),)),
        Panel("Client connections", "", 110, 200 * (connections // 200 + 1), 200,
              (Line("connections", TEXT, lambda row: float(row["connections"])),)),
    )


def phases(rows):
    """(name, first second, last second) of each run of rows with one phase."""
    found = []
    for row in rows:
        second = float(row["seconds"])
        if found and found[-1][0] == row["phase"]:
            found[-1][2] = second
        else:
            if found:
                found[-1][2] = second
            found.append([row["phase"], second, second])
    return found


def text(x, y, words, anchor="start", colour=TEXT, size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
            f'font-size="{size}">{escape(words)}</text>')


def rule(x1, y1, x2, y2, colour, dashes=""):
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}"{dashed}/>')


def spread(labels, gap=14):
    """Labels at their heights, moved apart where they would touch."""
    placed = []
    for y, words, colour in sorted(labels):
        y = max(y, placed[-1][0] + gap) if placed else y
        placed.append((y, words, colour))
    return placed


def draw_panel(panel, rows, top, x_of):
    bottom = top + panel.height
    right = WIDTH - RIGHT

    def y_of(value):
        return bottom - min(value, panel.top) / panel.top * panel.height

    out = [text(LEFT, top - 8, panel.title + (f", {panel.unit}" if panel.unit else ""), size=13)]
    tick = 0
    while tick <= panel.top:
        out.append(rule(LEFT, y_of(tick), right, y_of(tick), GRID))
        out.append(text(LEFT - 8, y_of(tick) + 4, f"{tick:g}", "end"))
        tick += panel.step
    labels = []
    for label, colour, value in panel.bounds:
        out.append(rule(LEFT, y_of(value), right, y_of(value), colour, "6 4"))
        labels.append((y_of(value) + 4, label, colour))
    for line in panel.lines:
        points = " ".join(f"{x_of(float(row['seconds'])):.1f},{y_of(line.value(row)):.1f}"
                          for row in rows)
        out.append(f'<polyline points="{points}" fill="none" stroke="{line.colour}" '
                   'stroke-width="1.5" stroke-linejoin="round"/>')
        labels.append((y_of(line.value(rows[-1])) + 4, line.label, line.colour))
    out += [text(right + 8, y, words, colour=colour) for y, words, colour in spread(labels)]
    return out


def thinned(rows, most=1500):
    """Of each group of neighbours the one with the most memory, so that no peak is lost."""
    size = len(rows) // most + 1
    return [max(rows[i:i + size], key=lambda row: int(row["rss_bytes"]))
            for i in range(0, len(rows), size)]


def draw(rows, resident, total):
    seconds = float(rows[-1]["seconds"])
    right = WIDTH - RIGHT

    def x_of(second):
        return LEFT + second / seconds * (right - LEFT)

    drawn, top, body = thinned(rows), 64, []
    for panel in panels(rows, resident, total):
        body += draw_panel(panel, drawn, top, x_of)
        top += panel.height + 44
    bottom = top - 44
    bands = []
    for number, (name, begin, end) in enumerate(phases(rows)):
        if number % 2 == 0:
            bands.append(f'<rect x="{x_of(begin):.1f}" y="40" width="{x_of(end) - x_of(begin):.1f}" '
                         f'height="{bottom - 40:.1f}" fill="{BAND}"/>')
        # Two rows, so that neighbours do not touch.
        bands.append(text((x_of(begin) + x_of(end)) / 2, 14 if number % 2 else 30, name, "middle"))
    unit, name = (60, "minutes") if seconds > 600 else (1, "seconds")
    step = next(step for step in (5, 10, 30, 60, 300, 600, 1800, 3600) if seconds / step <= 12)
    for second in range(0, int(seconds) + 1, step):
        bands.append(text(x_of(second), bottom + 18, f"{second / unit:g}", "middle"))
    bands.append(text(right + 20, bottom + 18, name))
    height = bottom + 30
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif">',
        "<title>Memory of a gateway in a container of 64 MiB</title>",
        *bands, *body, "</svg>", ""])


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sys.stdout.write(draw(rows, int(sys.argv[2]), int(sys.argv[3])))


if __name__ == "__main__":
    main()
