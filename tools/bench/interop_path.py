"""Makes the modules of tools/interop importable: the client, the real Codex, its model."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "interop"))
