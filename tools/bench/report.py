"""Writes what was measured: results.json, table.md, one plot for each way to grow."""
import json
import os
import platform
import subprocess

import plot
from rows import MISSED, PASS, TEXTS, UNKNOWN


def machine():
    told = {"system": platform.platform(), "processors": os.cpu_count()}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            told["processor"] = next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
        with open("/proc/meminfo", encoding="ascii") as info:
            told["memoryMb"] = int(next(info).split()[1]) // 1024
        told["loadBefore"] = os.getloadavg()
    except (OSError, StopIteration):
        pass  # not Linux: then it is not said
    return told


def commit(root):
    def git(*arguments):
        done = subprocess.run(["git", "-C", root, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    return {"id": git("rev-parse", "--short=12", "HEAD"), "changed": bool(git("status", "--porcelain", "--untracked-files=no"))}


def version(command):
    done = subprocess.run([command[0], "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False)
    return done.stdout.strip() or None


def write(folder, results):
    """Writes all files; what an earlier run left of the same names is replaced."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)
        file.write("\n")
    plots = []
    for grown, curves in results["growth"].items():
        for unit, chosen in plot.by_unit(curves).items():
            name = f"growth-{grown}-{unit}".replace(" ", "-") + ".svg"
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(plot.svg(f"Growth with the {grown}", grown, unit, chosen))
            plots.append((name, grown, unit))
    with open(os.path.join(folder, "table.md"), "w", encoding="utf-8") as file:
        file.write(table(results, plots))


def table(results, plots):
    lines = [
        "# P1 to P12, measured", "",
        "Written by `just bench`; do not edit. All figures: [results.json](results.json). What was found and rejected: "
        "[performance.md](../performance.md).", "", *heading(results), "",
        "| | work | target | deciding figure | ours | peer | peer / ours | verdict |", "|---|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        check = deciding(row)
        lines.append("| " + " | ".join([row["id"], row["work"], row["target"], *cells(check), f"**{row['verdict']}**"]) + " |")
    count = {verdict: sum(row["verdict"] == verdict for row in results["rows"]) for verdict in (PASS, MISSED, UNKNOWN)}
    lines += ["", f"{count[PASS]} pass, {count[MISSED]} missed, {count[UNKNOWN]} not measured.", "", "## Every check", "",
              "| | check | target | ours | peer | peer / ours | verdict |", "|---|---|---|---|---|---|---|"]
    for row in results["rows"]:
        for check in row["checks"]:
            what, ours, peer, ratio = cells(check)
            verdict = check["verdict"] + (f" ({check['why']})" if "why" in check else "")
            lines.append("| " + " | ".join([row["id"], what, check["target"], ours, peer, ratio, verdict]) + " |")
    lines += ["", "## What is compared with what", ""]
    lines += [f"- **{name}**: {calls}." for name, (_, _, calls) in TEXTS.items()]
    if plots:
        lines += ["", "## Growth", "", "Milliseconds are medians. Both axes are logarithmic; a flat line costs the same at any size.", ""]
        lines += [line for name, grown, unit in plots for line in (f"![{unit} along the {grown}]({name})", "")]
    return "\n".join(lines).rstrip() + "\n"


def heading(results):
    machine_, peer = results["machine"], results["servers"]["peer"]
    told = [f"{machine_.get('processor', 'unknown processor')}, {machine_['processors']} processors, "
            f"{machine_.get('memoryMb', 0) // 1024} GB, {machine_['system']}; {results['date']}; commit {results['commit']['id']}"
            f"{' with changes' if results['commit']['changed'] else ''}. Load when it began: "
            f"{', '.join(f'{load:.1f}' for load in machine_.get('loadBefore', []))}."]
    if "absent" in peer:
        told += ["", f"**No peer**: {peer['absent']}. Figures that need it are not measured."]
    else:
        told += ["", f"Peer: the real `codex app-server` ({peer['version']}), asked in turns with ours on a copy of the same home. "
                 "Ratios within one run mean something, single figures do not."]
    if results["quick"]:
        told += ["", "**A quick run**: the homes are small, so verdicts say nothing about the targets, which are about large ones."]
    for stage, why in results["failed"].items():
        told += ["", f"Stage `{stage}` did not come to its end: {why}."]
    return told


def deciding(row):
    for verdict in (MISSED, UNKNOWN, PASS):
        for check in row["checks"]:
            if check["verdict"] == verdict:
                return check
    return {"what": "", "verdict": UNKNOWN}


def cells(check):
    return [check["what"], *(check.get(key) or "-" for key in ("ours", "peer", "ratio"))]
