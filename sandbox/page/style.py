# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page looks: one style sheet that goes into the document, for light and dark screens."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --good: #2a8a4a; --bad: #c0392b; --on: #2471a3 }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1rem 1.5rem 3rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { border-bottom: 2px solid var(--line); margin: 2rem 0 .5rem; font-size: 1.15rem }
h3 { font-size: 1rem; margin: 1rem 0 .25rem } header p { margin: .25rem 0 1rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
         overflow-wrap: anywhere }
thead th { font-weight: 600; opacity: .7; white-space: nowrap }
#figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 }
#figures span { background: var(--soft); border-radius: .5rem; padding: .6rem 1rem; flex: 1 0 9rem }
#figures b { display: block; font-size: 1.3rem }
#bill > p { margin: 0 0 .5rem; opacity: .8 }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem }
ol li { border-left: 4px solid var(--on); background: var(--soft); border-radius: .2rem; padding: 0 .5rem }
ol li.good { border-color: var(--good) } ol li.bad { border-color: var(--bad) } ol li.past { opacity: .6 }
.lines th, .lines td:nth-child(2) { white-space: nowrap; width: 1% }
time { opacity: .7; font-size: .85em } footer { margin-top: 2rem; opacity: .8 }
"""
