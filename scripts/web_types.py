"""TypeScript types of the laboratory's API, from the description that the server itself publishes.

    python scripts/web_types.py          write web/src/openapi.d.ts (needs 'npm ci' in web/)
    python scripts/web_types.py --check  complain where it is not what would be written

No server is started. The file's first lines hold a digest of the description, so that a stale file is found without
Node; a test compares it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TYPES = ROOT / "web/src/openapi.d.ts"


def description() -> dict[str, Any]:
    """What ``/api/openapi.json`` answers."""
    from thecal.apps.web.server import create_app
    from thecal.apps.web.settings import Settings

    with tempfile.TemporaryDirectory() as home:
        found: dict[str, Any] = create_app(Settings(Path(home), workers=0)).openapi()
    return found


def digest(described: dict[str, Any]) -> str:
    """Of paths and shapes; the version of the program changes no type."""
    whole = json.dumps({key: described[key] for key in ("paths", "components")}, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def written(described: dict[str, Any]) -> str:
    """The text of the types."""
    made = subprocess.run(["npx", "--no-install", "openapi-typescript", "--root-types",
                           "--root-types-no-schema-prefix", "--root-types-keep-casing",
                           "--default-non-nullable=false"],
                          input=json.dumps(described), text=True, capture_output=True, check=False, cwd=ROOT / "web")
    if made.returncode:
        sys.exit(f"{made.stderr}openapi-typescript did not work; is 'npm ci' in web/ done?")
    head = "// Written by 'make types' from the server's own description; not to be edited."
    return f"{head}\n// description: {digest(described)}\n{made.stdout}"


def main() -> None:
    """Write, or check."""
    text = written(description())
    if "--check" in sys.argv[1:]:
        if not TYPES.is_file() or TYPES.read_text(encoding="utf-8") != text:
            sys.exit(f"{TYPES.relative_to(ROOT)} is stale: run 'make types'")
    else:
        TYPES.write_text(text, encoding="utf-8")
        print(f"{TYPES.relative_to(ROOT)}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
