------------------------------------------------------------------------------
-- The page: its looks
------------------------------------------------------------------------------

/* API: private.  Colours are named by what they mean; the tests compute their contrast. */
CREATE FUNCTION ingest.page_style()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $css$
:root {
  color-scheme: light dark;
  --bg: #f4f6f8; --surface: #ffffff; --raised: #f0f3f6; --ink: #14202b; --muted: #52606d; --line: #dce2e8; --accent: #0b5cad;
  --ok: #17683b; --ok-bg: #e4f3ea; --warn: #844600; --warn-bg: #fdf0db; --bad: #a61e18; --bad-bg: #fde9e8;
  --info: #1f5590; --info-bg: #e6eff9; --idle: #52606d; --idle-bg: #eceff2;
  --bar: #2f7d54; --bar-2: #8cc3a4; --bar-warn: #c77f1a; --bar-bad: #c8352d; --bar-idle: #b4bec8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0e141b; --surface: #161e27; --raised: #1d2733; --ink: #e7ecf2; --muted: #a2b0be; --line: #2b3744; --accent: #7db8f7;
    --ok: #74d39c; --ok-bg: #14301f; --warn: #f2bd68; --warn-bg: #372710; --bad: #ff9a92; --bad-bg: #411b1b;
    --info: #93c4f7; --info-bg: #162c45; --idle: #a9b5c1; --idle-bg: #232d39;
    --bar: #4fb37d; --bar-2: #2c6647; --bar-warn: #e0a040; --bar-bad: #ef6a61; --bar-idle: #4a5967;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--bg); color: var(--ink); line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
.wrap { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; z-index: 9; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
header { padding: 2.25rem 0 1rem; }
header p { margin: .25rem 0 0; color: var(--muted); }
h1 { font-size: .8125rem; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; color: var(--muted); margin: 0 0 .35rem; }
.lead { font-size: 1.75rem; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; color: var(--ink); margin: 0; text-wrap: balance; }
nav { position: sticky; top: 0; z-index: 5; background: var(--bg); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; list-style: none; margin: 0; padding: .55rem 0; }
nav a { text-decoration: none; font-size: .875rem; color: var(--muted); }
nav a:hover { color: var(--accent); text-decoration: underline; }
section { margin: 2rem 0; scroll-margin-top: 3.5rem; }
h2 { font-size: 1.125rem; font-weight: 650; margin: 0 0 .75rem; letter-spacing: -.005em; }
h2 .count { font-weight: 500; color: var(--muted); font-size: .9375rem; margin-left: .35rem; }
.note { color: var(--muted); font-size: .875rem; margin: .5rem 0 0; }
.panel { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; }
.scroll { overflow-x: auto; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2rem 1.25rem; }
.columns section { margin: 0; min-width: 0; }

.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; min-width: 0; }
.card dt { font-size: .8125rem; color: var(--muted); }
.card dd { margin: .1rem 0 0; }
.card .big { font-size: 1.5rem; font-weight: 650; letter-spacing: -.02em; line-height: 1.2; }
.card .small { font-size: .8125rem; color: var(--muted); overflow-wrap: anywhere; }

.badge { display: inline-flex; align-items: center; gap: .3rem; white-space: nowrap; font-size: .8125rem; font-weight: 600;
  padding: .1rem .5rem .1rem .35rem; border-radius: 99px; }
.badge svg { width: 14px; height: 14px; flex: none; }
.ok { color: var(--ok); background: var(--ok-bg); } .warn { color: var(--warn); background: var(--warn-bg); }
.bad { color: var(--bad); background: var(--bad-bg); } .info { color: var(--info); background: var(--info-bg); }
.idle { color: var(--idle); background: var(--idle-bg); }

.items { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.item { background: var(--surface); color: var(--ink); border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 10px;
  padding: .85rem 1.1rem; display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .25rem 1.5rem; }
.item.is-bad { border-left-color: var(--bad); } .item.is-warn { border-left-color: var(--warn); } .item.is-info { border-left-color: var(--info); }
.item h3 { font-size: 1rem; margin: 0; display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: center; overflow-wrap: anywhere; }
.item p { margin: .3rem 0 0; overflow-wrap: anywhere; }
.item .note { margin-top: .3rem; }
.item .do { align-self: center; }
.do .label { font-size: .75rem; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; color: var(--muted); margin: 0 0 .25rem; }
code { font: .8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.command { display: block; background: var(--raised); color: var(--ink); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .7rem;
  white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all; }
.calm { display: flex; gap: .75rem; align-items: flex-start; }
.calm p { margin: 0; }

table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: .8125rem; white-space: nowrap; }
th, td { padding: .5rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
td.n, th.n { text-align: right; }
td.nowrap { white-space: nowrap; }
tbody th { color: var(--ink); font-size: .875rem; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
tbody th .sub, td .sub { display: block; font-weight: 400; color: var(--muted); font-size: .8125rem; overflow-wrap: anywhere; }
td .error { color: var(--bad); }
.zero { color: var(--muted); }
.dense th, .dense td { padding: .3rem .5rem; }
tr.folded td { color: var(--muted); }
.some { color: var(--bad); font-weight: 600; }

.chart { display: block; width: 100%; height: auto; }
.bars { display: block; width: 210px; height: 28px; }
.b-ok { fill: var(--bar); } .b-2 { fill: var(--bar-2); } .b-warn { fill: var(--bar-warn); } .b-bad { fill: none; stroke: var(--bar-bad); stroke-width: 1.5; }
.b-idle { fill: var(--bar-idle); } .axis { stroke: var(--line); stroke-width: 1; } .tick { stroke: var(--ink); stroke-width: 2; }
.chart text { fill: var(--muted); font-size: 11px; font-family: inherit; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; padding: 0; margin: .6rem 0 0; font-size: .8125rem; color: var(--muted); }
.legend li { display: inline-flex; align-items: center; gap: .4rem; }
.legend svg { width: 12px; height: 12px; }

.heat { width: auto; border-collapse: separate; border-spacing: 3px; }
.heat th, .heat td { border: 0; padding: 0; font-size: .75rem; }
.heat thead th { text-align: center; font-weight: 500; min-width: 1.9rem; }
.heat tbody th { padding-right: .75rem; min-width: 7rem; max-width: 11rem; position: sticky; left: 0; background: var(--surface); font-weight: 600; }
.heat td { height: 1.65rem; min-width: 1.9rem; text-align: center; border-radius: 4px; background: var(--raised); color: var(--muted); }
.heat td.ok, .heat td.warn, .heat td.bad { font-weight: 600; }
.heat td.ok { color: var(--ok); background: var(--ok-bg); } .heat td.warn { color: var(--warn); background: var(--warn-bg); }
.heat td.bad { color: var(--bad); background: var(--bad-bg); } .heat td.none { background: none; }
.matrix td { padding: .35rem .4rem; min-width: 3.6rem; }

.pair { border-bottom: 1px solid var(--line); padding: .9rem 0; } .pair:first-child { padding-top: 0; } .pair:last-child { border: 0; padding-bottom: 0; }
.pair td { width: 44%; overflow-wrap: anywhere; } .pair tbody th { min-width: 4.5rem; color: var(--muted); font-weight: 500; }
mark { background: var(--warn-bg); color: var(--warn); border-radius: 3px; padding: 0 .2rem; }
.row { display: grid; grid-template-columns: minmax(6rem, 11rem) minmax(0, 1fr) auto; gap: .2rem .8rem; align-items: center; padding: .3rem 0; font-size: .875rem; }
.row .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.row svg { width: 100%; height: 14px; }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding: 1.25rem 0 2.5rem; color: var(--muted); font-size: .8125rem; overflow-wrap: anywhere; }

@media (max-width: 46rem) {
  .wrap { padding: 0 1rem; }
  header { padding-top: 1.5rem; } .lead { font-size: 1.375rem; }
  nav { position: static; }
  .item { grid-template-columns: minmax(0, 1fr); }
  .cards { grid-template-columns: 1fr 1fr; }
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack, .stack tbody { display: block; }
  .stack tr { display: grid; grid-template-columns: 1fr 1fr; gap: .35rem 1rem; padding: .8rem 0; border-bottom: 1px solid var(--line); }
  .stack tr:last-child { border: 0; }
  .stack th, .stack td { display: block; border: 0; padding: 0; text-align: left !important; min-width: 0; }
  .stack tbody th, .stack .full { grid-column: 1 / -1; }
  .stack td[data-label]::before { content: attr(data-label); display: block; color: var(--muted); font-size: .75rem; }
  .bars { width: 100%; max-width: 300px; }
  /* the latest days are at the right, and are what is seen first */
  .latest { display: flex; flex-direction: row-reverse; }
  .chart { width: 52rem; flex: none; } .heat { flex: none; }
  .heat tbody th { position: static; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  :root { --bg: #fff; --surface: #fff; --raised: #f4f4f4; --ink: #000; --muted: #444; --line: #bbb; }
  nav, .skip { display: none; } body { font-size: 11px; } .panel, .item, .card, tr, .pair { break-inside: avoid; }
  .scroll { overflow: visible; } section { margin: 1.2rem 0; }
}
$css$;
COMMENT ON FUNCTION ingest.page_style() IS 'the style sheet of ingest_dashboard()';
REVOKE ALL ON FUNCTION ingest.page_style() FROM PUBLIC;

/* API: private.  One sign for each tone, with a shape of its own. */
CREATE FUNCTION ingest.page_signs()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
  '<symbol id="i-ok" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M4.8 8.2l2.2 2.2 4.2-4.6" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></symbol>'
  '<symbol id="i-warn" viewBox="0 0 16 16"><path d="M8 1.8L15 14H1z" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"/><path d="M8 6.3v3.4M8 11.8v.2" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>'
  '<symbol id="i-bad" viewBox="0 0 16 16"><path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M5.5 5.5l5 5M10.5 5.5l-5 5" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>'
  '<symbol id="i-info" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M8 7.4v3.8M8 4.7v.2" stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/></symbol>'
  '<symbol id="i-idle" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M6.2 5.4v5.2M9.8 5.4v5.2" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>'
  '</defs></svg>';
COMMENT ON FUNCTION ingest.page_signs() IS 'the signs of ingest_dashboard()';
REVOKE ALL ON FUNCTION ingest.page_signs() FROM PUBLIC;
