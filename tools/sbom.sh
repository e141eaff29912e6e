#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: sbom.sh : write build/dist/NAME-VERSION.cdx.json, the software bill of materials (CycloneDX 1.6) of the artifact: the collection with
# its SHA-256, and the packages of requirements.txt with the versions and hashes with which the tests run (tests/locks/runtime.txt).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

artifact=$(ls build/dist/*.tar.gz)
if [[ ! -f .venv-sbom/complete || tests/locks/sbom.txt -nt .venv-sbom/complete ]]; then
  .venv/bin/python -m venv --clear .venv-sbom
  .venv-sbom/bin/python -m pip install --quiet --no-input --require-hashes -r tests/locks/sbom.txt
  touch .venv-sbom/complete
fi
bom=${artifact%.tar.gz}.cdx.json
.venv-sbom/bin/cyclonedx-py requirements --output-reproducible --spec-version 1.6 --of JSON -o "$bom" tests/locks/runtime.txt
.venv-sbom/bin/python - "$bom" "$artifact" <<'PYTHON'
import hashlib
import json
import re
import sys
from pathlib import Path

bom, artifact = map(Path, sys.argv[1:])
found = json.loads(bom.read_text(encoding="utf-8"))
namespace, name, version = re.fullmatch(r"(.+?)-(.+)-(.+)\.tar\.gz", artifact.name).groups()
root = f"{namespace}.{name}@{version}"
found["metadata"]["component"] = {
    "bom-ref": root, "type": "library", "group": namespace, "name": name, "version": version,
    "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
    "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(artifact.read_bytes()).hexdigest()}],
}
known = {entry["ref"]: entry for entry in found.setdefault("dependencies", [])}
known[root] = {"ref": root, "dependsOn": sorted(component["bom-ref"] for component in found["components"])}
found["dependencies"] = list(known.values())
bom.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
print(f"{bom}: {root} with {len(found['components'])} packages")
PYTHON
