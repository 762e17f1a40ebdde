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
  --bg: #f4f6f8; --surface: #ffffff; --raised: #eef1f4; --ink: #14202b; --muted: #52606d; --line: #dce2e8; --accent: #0b5cad;
  --ok: #17683b; --ok-bg: #e4f3ea; --warn: #844600; --warn-bg: #fdf0db; --bad: #a61e18; --bad-bg: #fde9e8;
  --info: #1f5590; --info-bg: #e6eff9; --idle: #52606d; --idle-bg: #eceff2;
  --bar: #1d6941; --bar-2: #559c78; --bar-warn: #c77f1a; --bar-bad: #c8352d; --bar-idle: #b4bec8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0e141b; --surface: #161e27; --raised: #1f2935; --ink: #e7ecf2; --muted: #a2b0be; --line: #2b3744; --accent: #7db8f7;
    --ok: #74d39c; --ok-bg: #14301f; --warn: #f2bd68; --warn-bg: #372710; --bad: #ff9a92; --bad-bg: #411b1b;
    --info: #93c4f7; --info-bg: #162c45; --idle: #a9b5c1; --idle-bg: #232d39;
    --bar: #74d6a1; --bar-2: #3a8059; --bar-warn: #e0a040; --bar-bad: #ef6a61; --bar-idle: #4a5967;
  }
}

/* ground */
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 3.5rem; }
body { margin: 0; background: var(--bg); color: var(--ink); font: .9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
.wrap { max-width: 77.5rem; margin-inline: auto; padding-inline: 1.25rem; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; z-index: 9; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
p { margin: 0; }
code { font: .8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.note { color: var(--muted); font-size: .875rem; margin-top: .6rem; }
.note code, footer code { overflow-wrap: anywhere; }
.zero { color: var(--muted); }
.some { color: var(--bad); font-weight: 600; }

/* head */
header { padding-block: 2.25rem 1.25rem; }
.kind { font-size: .875rem; color: var(--muted); }
h1 { font-size: 1.875rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; margin: .15rem 0 .5rem; text-wrap: balance; }
.names { font-size: 1.0625rem; overflow-wrap: anywhere; }
.at { color: var(--muted); margin-top: .25rem; }
.cards { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); margin: 1.5rem 0 0; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.card { padding: .8rem 1rem; border-left: 1px solid var(--line); min-width: 0; }
.card:first-child { border-left: 0; }
.card dt { font-size: .8125rem; line-height: 1.35; color: var(--muted); }
.card dd { margin: .15rem 0 0; }
.big { font-size: 1.375rem; font-weight: 650; letter-spacing: -.015em; line-height: 1.25; }
.of { font-size: .9375rem; font-weight: 500; color: var(--muted); letter-spacing: 0; }
.small { font-size: .8125rem; color: var(--muted); overflow-wrap: anywhere; }
nav { position: sticky; top: 0; z-index: 5; background: var(--bg); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; list-style: none; margin-block: 0; padding-block: .55rem; }
nav a { text-decoration: none; font-size: .875rem; color: var(--muted); }
nav a:hover { color: var(--accent); text-decoration: underline; }

/* sections */
section { margin: 2.25rem 0; }
h2 { font-size: 1.1875rem; line-height: 1.3; font-weight: 650; margin: 0 0 .7rem; letter-spacing: -.005em; }
.panel { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; }
.scroll { overflow-x: auto; position: relative; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 2.25rem 1.25rem; margin: 2.25rem 0; align-items: start; }
.columns > section { margin: 0; min-width: 0; } .columns > div { min-width: 0; } .columns > div > section:first-child { margin-top: 0; }
details { margin-top: .8rem; }
summary { cursor: pointer; font-size: .875rem; font-weight: 600; color: var(--accent); width: fit-content; padding: .25rem 0; }
details > .panel, details > table { margin-top: .5rem; }

/* what needs attention, and what to type */
.badge { display: inline-flex; align-items: center; gap: .3rem; white-space: nowrap; font-size: .8125rem; line-height: 1.4; font-weight: 600;
  padding: .1rem .5rem .1rem .35rem; border-radius: 99px; }
.badge svg { width: 14px; height: 14px; flex: none; }
.ok { color: var(--ok); background: var(--ok-bg); } .warn { color: var(--warn); background: var(--warn-bg); }
.bad { color: var(--bad); background: var(--bad-bg); } .info { color: var(--info); background: var(--info-bg); }
.idle, .pause { color: var(--idle); background: var(--idle-bg); }
.items { list-style: none; margin: 0; padding-block: 0; }
.item { display: grid; grid-template-columns: 7.25rem minmax(0, 1fr) minmax(0, 26rem); gap: .3rem 1.25rem; padding: 1rem 0; border-top: 1px solid var(--line); }
.item:first-child { border-top: 0; }
.item:target { background: linear-gradient(var(--raised) 0 0) -1.15rem 0 / calc(100% + 2.3rem) no-repeat; box-shadow: -1.15rem 0 var(--raised), 1.15rem 0 var(--raised); }
h3 { font-size: 1rem; font-weight: 400; margin: 0; overflow-wrap: anywhere; }
h3 .name { font-weight: 650; } h3 .name::after { content: ":"; } h3 .why { font-weight: 600; }
:lang(fr) > body h3 .name::after { content: "\202f:"; }
.what p { margin-top: .2rem; overflow-wrap: anywhere; max-width: 44rem; }
.said { color: var(--muted); font-size: .875rem; }
.what .note { margin-top: .35rem; }
.label { font-size: .8125rem; color: var(--muted); }
.do .label { margin-bottom: .2rem; } .do .command + .label { margin-top: .6rem; }
.command { display: block; background: var(--raised); color: var(--ink); border-radius: 6px; padding: .45rem .65rem;
  white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all; }
.calm { display: flex; gap: .8rem; align-items: flex-start; } .calm .note { margin-top: .15rem; }
.steps { margin: 0; padding-left: 2.5rem; max-width: 48rem; } .note + .command { width: fit-content; margin-top: .3rem; } .steps li + li { margin-top: 1rem; } .steps p { margin-bottom: .3rem; }

/* tables */
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: .8125rem; white-space: nowrap; }
th, td { padding: .55rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
.dense th, .dense td { padding: .35rem .6rem; }
thead th { vertical-align: bottom; }
tr > :first-child { padding-left: 0 !important; } tr > :last-child { padding-right: 0 !important; }
tbody:last-of-type tr:last-child > * { border-bottom: 0; }
tfoot th, tfoot td { border: 0; border-top: 1px solid var(--line); color: var(--ink); font-weight: 600; }
td.n, th.n { text-align: right; }
.nowrap { white-space: nowrap; }
tbody th, tfoot th { font-size: .875rem; } tbody th a, td a { color: inherit; text-decoration-color: var(--muted); text-decoration-thickness: 1px; }
tbody th { color: var(--ink); font-size: .875rem; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
.sub, .type { font-weight: 400; color: var(--muted); font-size: .8125rem; overflow-wrap: anywhere; }
.sub { display: block; } .type { margin-left: .25rem; }
tr.folded td { color: var(--muted); }
.jobs { table-layout: fixed; }
.jobs th:nth-child(1) { width: 30%; } .jobs th:nth-child(2) { width: 11%; } .jobs th:nth-child(3) { width: 15%; }
.short td { white-space: nowrap; } .short td:nth-child(3) { color: var(--ok); font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; } .short td:nth-child(4) { text-align: right; }
.t-ok { color: var(--ok); } .t-warn { color: var(--warn); } .t-bad { color: var(--bad); } .t-info { color: var(--info); } .t-warn, .t-bad { font-weight: 600; }

/* charts */
.chart { display: block; width: 100%; height: auto; }
.bars { display: block; width: 210px; height: 28px; }
.b-ok { fill: var(--bar); } .b-2 { fill: var(--bar-2); } .b-warn { fill: var(--bar-warn); } .b-bad { fill: none; stroke: var(--bar-bad); stroke-width: 1.5; }
.b-idle { fill: var(--bar-idle); } .axis { stroke: var(--line); stroke-width: 1; } .tick { stroke: var(--ink); stroke-width: 3; fill: none; }
.chart text { fill: var(--muted); font-size: 11px; font-family: inherit; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; padding: 0; margin: .8rem 0 0; font-size: .8125rem; color: var(--muted); }
.legend li { display: inline-flex; align-items: center; gap: .4rem; }
.legend svg { width: 12px; height: 12px; flex: none; }
.lengths svg { display: block; width: 100%; height: 14px; } .lengths td:nth-child(2) { width: 45%; }
.key { border-radius: 4px; min-width: 1.4rem; text-align: center; font-weight: 600; font-size: .75rem; }
.heat { width: 100%; border-collapse: separate; border-spacing: 3px; table-layout: fixed; }
.heat th, .heat td { border: 0; padding: 0; font-size: .75rem; }
.heat thead th[colspan] span { position: sticky; left: 8.5rem; }
.heat thead th { text-align: center; font-weight: 500; } .heat thead th[colspan] { text-align: left; padding-left: .35rem; }
.heat tr > :first-child { width: 10rem; position: sticky; left: 0; background: var(--surface); }
.heat bdi { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }
.heat tbody th { padding-right: .6rem; min-width: 0; font-weight: 600; font-size: .8125rem; line-height: 1.3; }
.heat td { height: 1.65rem; text-align: center; border-radius: 4px; }
.heat td.ok, .heat td.warn, .heat td.bad { font-weight: 600; }
.heat i { font-style: normal; font-weight: 700; } td.warn i { margin-left: 1px; font-size: .625rem; vertical-align: .25em; } .heat .warn i:first-child { font-size: .8125rem; vertical-align: 0; }
.heat td.idle { background: var(--raised); } .heat td.none { background: none; }
.matrix td { min-width: 3.9rem; padding: .3rem .6rem .5rem; background: linear-gradient(var(--bar-2) 0 0) left .6rem bottom 3px / calc((100% - 1.2rem) * var(--part)) 3px no-repeat; }
.matrix tr > :first-child { position: sticky; left: 0; background: var(--surface); } .matrix tbody th { min-width: 6.5rem !important; }
.matrix tr > :last-child { padding-right: .6rem !important; } .matrix tbody tr > * { border-bottom: 0; } .matrix thead th { border-bottom: 1px solid var(--line); }
.fell { color: var(--warn); font-weight: 600; } .matrix .fell { background-image: linear-gradient(var(--bar-warn) 0 0); }

/* pairs */
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1rem; align-items: start; }
.pair caption { position: static; width: auto; height: auto; clip-path: none; text-align: left; font-weight: 600; padding-bottom: .25rem; }
.pair table { table-layout: fixed; } .pair tr > :first-child { width: 3.75rem; min-width: 0; color: var(--muted); font-weight: 500; }
.pair td { overflow-wrap: anywhere; vertical-align: top; } .pair th { vertical-align: top; overflow-wrap: anywhere; white-space: normal; }
.pair .do { margin-top: .6rem; }
mark { background: var(--warn-bg); color: var(--warn); border-radius: 3px; box-decoration-break: clone; -webkit-box-decoration-break: clone; padding: 0 .15rem; }
mark a { color: inherit; }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding: 1.25rem 0 2.5rem; color: var(--muted); font-size: .8125rem; }

@media screen and (max-width: 64rem) {
  .cards { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); } .card { border-left: 0; }
  .item { grid-template-columns: 7.25rem minmax(0, 1fr); } .item .do { grid-column: 2; margin-top: .4rem; }
}
@media screen and (max-width: 50rem) {
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack, .stack tbody { display: block; }
  .stack tr { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .4rem .75rem; padding: .8rem 0; border-bottom: 1px solid var(--line); }
  .stack tr:last-child { border: 0; }
  .stack th, .stack td { display: block; border: 0; padding: 0 !important; text-align: left !important; min-width: 0; width: auto !important; }
  .stack tbody th { grid-column: 1 / span 3; } .stack tbody th + td { grid-column: 4; justify-self: end; }
  .stack .full { grid-column: 1 / -1; }
  .stack td[data-label]::before { content: attr(data-label); display: block; color: var(--muted); font-size: .75rem; }
  .stack .nowrap { grid-column: span 2; }
  .jobs tr { grid-template-columns: repeat(5, minmax(0, 1fr)); } .jobs td.nowrap { grid-column: span 3; } .jobs td.n.nowrap { grid-column: span 2; }
  .jobs tbody th + td { grid-column: 4 / -1 !important; }
  .bars { width: 100%; max-width: 300px; }
  /* the latest days are at the right, and are what is seen first */
  .latest { display: flex; flex-direction: row-reverse; }
  .chart { width: 52rem; flex: none; } .heat { flex: none; width: 62rem; } .heat tr > :first-child { width: 6.5rem; } .heat thead th[colspan] span { left: 7rem; }
  .chart text { font-size: 14px; }
}
@media screen and (max-width: 40rem) {
  .wrap { padding-inline: 1rem; } .panel { padding: .85rem .9rem; } .items { padding-block: 0; }
  header { padding-top: 1.5rem; } h1 { font-size: 1.5rem; }
  th, td, .dense th, .dense td { padding-inline: .3rem; } tbody th { min-width: 0; } td .badge { font-size: .75rem; padding-right: .4rem; }
  nav { position: static; } html { scroll-padding-top: 0; }
  .item { grid-template-columns: minmax(0, 1fr); } .item .do { grid-column: 1; }
  .cards { grid-template-columns: repeat(3, minmax(0, 1fr)); } .card:last-child { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; } .card { padding: .6rem .75rem; } .big { font-size: 1.1875rem; }
  .short td, .short th { padding: .35rem .3rem; } .short td:nth-child(3), .short th:nth-child(3), .short td:nth-child(4), .short th:nth-child(4) { display: none; }
  .short tbody th { min-width: 0; }
}
@media print {
  :root { --bg: #fff; --surface: #fff; --raised: #f2f2f2; --ink: #000; --muted: #444; --line: #bbb; --accent: #0b5cad;
    --ok: #17683b; --ok-bg: #e4f3ea; --warn: #844600; --warn-bg: #fdf0db; --bad: #a61e18; --bad-bg: #fde9e8;
    --info: #1f5590; --info-bg: #e6eff9; --idle: #52606d; --idle-bg: #eceff2;
    --bar: #1d6941; --bar-2: #559c78; --bar-warn: #c77f1a; --bar-bad: #c8352d; --bar-idle: #b4bec8; }
  html { font-size: 70%; } nav, .skip { display: none; } .bars { width: 160px; } .wrap { padding-inline: 0; max-width: none; }
  section, .columns { margin: 1.2rem 0; } h2 { break-after: avoid; } .panel { border: 0; padding: 0; border-radius: 0; }
  .item, .card, tr, .pair, svg { break-inside: avoid; } .scroll { overflow: visible; }
  .badge, .heat td, .matrix td, .command, mark, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
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
  '<symbol id="i-idle" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M4.8 8h6.4" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>'
  '<symbol id="i-pause" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M6.2 5.4v5.2M9.8 5.4v5.2" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>'
  '</defs></svg>';
COMMENT ON FUNCTION ingest.page_signs() IS 'the signs of ingest_dashboard()';
REVOKE ALL ON FUNCTION ingest.page_signs() FROM PUBLIC;
