#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Build the documentation site in build/docs/html from the Markdown files, which keep their places and their links, and from the
# documentation of the plugins and roles. A warning is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tree=build/tree/ansible_collections/edgelift/ens_migration
source=build/docs/source
bin=$PWD/.venv-docs/bin
rm -rf build/docs
mkdir -p "$source/reference" "$source/sandbox"
chmod og-w "$source/reference" # antsibull-docs accepts no folder into which others may write
cp "$tree"/{README,CONTRIBUTING}.md "$tree/LICENSE" docs/site/*.md "$source"
cp -r "$tree/docs" "$tree/roles" "$tree/changelogs" "$source"
cp "$tree/sandbox/README.md" "$source/sandbox"
rm -r "$source/docs/site"

export PATH=$bin:$PATH ANSIBLE_COLLECTIONS_PATH=$PWD/build/collections ANSIBLE_HOME=$PWD/build/ansible
antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck "$tree"
antsibull-docs --config-file docs/site/antsibull-docs.cfg collection --use-current --squash-hierarchy --fail-on-error \
  --dest-dir "$source/reference" edgelift.ens_migration
sphinx-build -q -W --keep-going -j auto -c docs/site -d build/docs/doctrees "$source" build/docs/html
echo "the documentation site is in build/docs/html"
