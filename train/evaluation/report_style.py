"""Style sheet of the evaluation's report, for light and dark colour schemes."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2327; --soft: #5d6870; --line: #d9dfe3; --band: #f3f6f7; --heat: #1f7a8c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181b; --ink: #e6eaec; --soft: #9aa6ad; --line: #2f383e; --band: #1c2226; --heat: #45b6cb; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; }
p, li { max-width: 70ch; }
.soft, figcaption, caption { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .32rem .75rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; font-weight: 600; }
thead th small { display: block; font-weight: 400; color: var(--soft); }
tbody th { font-weight: 400; }
.paper { background: var(--band); }
.best { font-weight: 700; }
.bar { background: linear-gradient(90deg, color-mix(in srgb, var(--heat) 30%, transparent) calc(var(--v) * 100%), transparent 0); }
.matrix td { min-width: 2.9rem; padding: .25rem .4rem; background: color-mix(in srgb, var(--heat) calc(var(--v) * 70%), transparent); }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: .4rem .25rem; }
.matrix thead th:first-child { writing-mode: horizontal-tb; transform: none; }
.matrices { display: flex; flex-wrap: wrap; gap: 0 2.5rem; }
.matrices > div { max-width: 100%; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1rem; }
figure { margin: 0; }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3px; align-items: start; }
.three img { width: 100%; display: block; border-radius: 3px; }
figcaption { font-size: .85rem; margin-top: .25rem; overflow-wrap: anywhere; }
details { margin: .6rem 0; }
summary { cursor: pointer; }
.trouble { border-left: 3px solid #c0392b; padding-left: .8rem; }
@media print { body { max-width: none; } details { display: block; } }
"""
