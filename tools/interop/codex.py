"""The pinned real Codex: where it is, and how it gets there."""
import glob
import os
import shutil
import subprocess

PACKAGE, VERSION = "@openai/codex", "0.169.0"


class Skip(Exception):
    """Why something cannot run here."""


def installed_codex(scratch):
    """The native binary of the pinned version, installed if it is not there yet."""
    folder = os.path.join(scratch, "codex")
    pattern = os.path.join(folder, "node_modules", "@openai", "codex-*", "vendor", "*", "bin", "codex")
    if not glob.glob(pattern):
        npm = shutil.which("npm")
        if not npm:
            raise Skip("npm is not installed")
        os.makedirs(folder, exist_ok=True)
        command = [npm, "install", "--prefix", folder, "--no-fund", "--no-audit", "--loglevel=error", f"{PACKAGE}@{VERSION}"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            raise Skip(f"npm could not install {PACKAGE} {VERSION}")
    found = sorted(glob.glob(pattern))
    if not found:
        raise Skip(f"{PACKAGE} {VERSION} has no binary for this machine")
    return found[0]
