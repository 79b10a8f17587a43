"""The look of the page: one style sheet, light and dark as the reader's system is, and one for paper."""

__all__ = ["STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2430; --soft: #55606f; --line: #d9dee6; --band: #f5f7fa; --link: #0b57a4;
  --passed: #14683b; --passed-band: #e5f4ea; --failed: #a3201a; --failed-band: #fdebe9;
  --open: #7a4d00; --open-band: #fdf2dc; --accent: #24507f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --ink: #e4e8ee; --soft: #a3aebc; --line: #333c48; --band: #1b212a; --link: #85bdf5;
    --passed: #83d9a4; --passed-band: #14301f; --failed: #ffa49b; --failed-band: #3d1a18;
    --open: #f3c56d; --open-band: #37290d; --accent: #8fb8e4;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55; font-size: 1rem;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: 0.5rem 1rem; z-index: 2; }
.page { max-width: 84rem; margin: 0 auto; padding: 0 1.5rem 4rem; display: grid; gap: 0 3rem;
  grid-template-columns: minmax(0, 1fr); }
header { padding: 2.2rem 0 0.5rem; }
.kind { margin: 0; color: var(--soft); font-size: 0.85rem; letter-spacing: 0.04em; }
h1 { margin: 0.1rem 0 0.2rem; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
.about { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
h2 { margin: 3rem 0 0.6rem; padding-top: 0.8rem; border-top: 2px solid var(--accent); font-size: 1.35rem;
  line-height: 1.25; }
h3 { margin: 2rem 0 0.4rem; font-size: 1.08rem; }
p, li, dd { max-width: 46rem; overflow-wrap: break-word; }
p { margin: 0.6rem 0; }
small, .soft { color: var(--soft); }
nav { font-size: 0.92rem; }
nav h2 { font-size: 0.85rem; letter-spacing: 0.04em; color: var(--soft); margin: 0; padding: 0; border: 0; }
nav ul { list-style: none; margin: 0.4rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; }
nav a { text-decoration: none; display: inline-block; padding: 0.15rem 0; }
nav a:hover { text-decoration: underline; }
.verdict { margin: 1.4rem 0 0; padding: 1rem 1.3rem; border-radius: 0.5rem; border-left: 0.5rem solid; }
.verdict p { margin: 0.3rem 0; max-width: 52rem; }
.verdict .headline { font-size: 1.22rem; font-weight: 650; line-height: 1.35; }
.passed { background: var(--passed-band); border-color: var(--passed); }
.failed { background: var(--failed-band); border-color: var(--failed); }
.open { background: var(--open-band); border-color: var(--open); }
.passed .headline, .state.passed { color: var(--passed); }
.failed .headline, .state.failed { color: var(--failed); }
.open .headline, .state.open { color: var(--open); }
.state { display: inline-block; padding: 0.05rem 0.6rem; border-radius: 1rem; font-weight: 600; white-space: nowrap; }
.notes li { margin: 0.35rem 0; }
.scroll { overflow-x: auto; margin: 1rem 0; max-width: 100%; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 650; padding: 0 0 0.4rem; }
caption span, caption small { display: block; max-width: min(46rem, calc(100vw - 2rem)); }
caption small { font-weight: 400; line-height: 1.45; }
th, td { padding: 0.38rem 0.6rem 0.38rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; font-weight: 600; line-height: 1.3; }
tbody th { font-weight: 600; }
th.number, td.number { text-align: right; }
td.number { white-space: nowrap; }
td { max-width: 34rem; overflow-wrap: break-word; }
tbody tr:hover { background: var(--band); }
tbody th code, .path { display: block; font-weight: 400; font-size: 0.8rem; color: var(--soft); white-space: nowrap; }
.together { white-space: nowrap; }
.flag { display: inline-block; margin: 0 0.3rem 0 0; padding: 0 0.45rem; border-radius: 0.3rem; font-size: 0.82rem;
  background: var(--band); color: var(--ink); border: 1px solid var(--line); white-space: nowrap; }
.flag.open { background: var(--open-band); color: var(--open); }
.state.plain { background: var(--band); color: var(--ink); }
sup { line-height: 0; font-size: 0.72em; }
.unknown { color: var(--soft); }
dl { margin: 1rem 0; }
dl > div { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 0 1rem; padding: 0.32rem 0;
  border-bottom: 1px solid var(--line); }
dt { font-weight: 600; overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
dd ul, dd ol { margin: 0; padding-left: 1.1rem; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: 0.8rem;
  margin: 1.3rem 0; }
.numbers > div { display: block; border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.7rem 0.9rem; }
.numbers dt { font-weight: 400; font-size: 0.86rem; color: var(--soft); line-height: 1.3; }
.numbers .together { white-space: normal; }
.numbers dd { font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.35; }
.numbers dd small { display: block; font-size: 0.8rem; font-weight: 400; line-height: 1.35; }
figure { margin: 1.6rem 0; }
figure .scroll { margin: 0; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff; border: 1px solid var(--line);
  border-radius: 0.4rem; padding: 0.5rem; }
figcaption { margin-top: 0.5rem; color: var(--soft); font-size: 0.92rem; max-width: 50rem; }
figcaption strong { color: var(--ink); }
pre { background: var(--band); border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.9rem 1rem;
  overflow: auto; max-height: 34rem; font-size: 0.86rem; line-height: 1.5; tab-size: 4; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
p code, li code, dd code { font-size: 0.9em; background: var(--band); border-radius: 0.2rem; padding: 0.05em 0.3em;
  overflow-wrap: anywhere; }
.digest { font-size: 0.8rem; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: 0.88rem; }
@media (min-width: 72rem) {
  .page { grid-template-columns: 12.5rem minmax(0, 1fr); }
  .page > header { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 3.2rem 0 1rem; }
  nav ul { display: block; }
  nav li { border-left: 2px solid var(--line); padding-left: 0.8rem; }
}
@media (max-width: 40rem) {
  .page { padding: 0 1rem 3rem; }
  h1 { font-size: 1.55rem; }
  dl > div { grid-template-columns: minmax(0, 1fr); }
  .numbers { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .numbers .together { white-space: normal; }
.numbers dd { font-size: 1.05rem; }
  .numbers .together { white-space: normal; }
  table { font-size: 0.88rem; }
  td.prose { min-width: 22rem; }
  figure .scroll img { min-width: 40rem; max-width: none; }
}
@media print {
  :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; --band: #f4f4f4; --link: #000000;
    --passed: #14683b; --passed-band: #ffffff; --failed: #a3201a; --failed-band: #ffffff; --open: #7a4d00;
    --open-band: #ffffff; --accent: #444444; }
  @page { margin: 16mm 14mm; }
  html { font-size: 9.5pt; }
  nav, .skip { display: none; }
  .page { display: block; padding: 0; }
  .verdict { border-style: solid; border-width: 1px 1px 1px 0.5rem; }
  h2, h3, caption { break-after: avoid; }
  figure, tr, .verdict, .numbers { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  tbody th code, .path { font-size: 7pt; }
  th, td { padding-right: 0.5rem; }
  tbody th code, .path { white-space: normal; overflow-wrap: anywhere; }
  figure img { max-height: 220mm; width: auto; }
  pre { max-height: none; overflow: visible; white-space: pre-wrap; }
}
"""
