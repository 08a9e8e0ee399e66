"""How the report looks: one style sheet, for light and dark screens and for paper."""

STYLE = """
:root { --ink:#1d2733; --soft:#5b6875; --line:#dfe4ea; --paper:#ffffff; --ground:#f4f6f8;
  --blue:#2f6fb5; --kept:#5b8fc9; --red:#c8423b; --orange:#d9822b; --green:#2e8b57; --code:#eef2f6 }
@media (prefers-color-scheme: dark) { :root { --ink:#e4e9ef; --soft:#9aa7b4; --line:#334050;
  --paper:#1c242e; --ground:#12181f; --blue:#7db1ea; --kept:#5b8fc9; --red:#e8736c;
  --orange:#e9a35b; --green:#5fbf8a; --code:#26303c } }
* { box-sizing:border-box }
html { scroll-behavior:smooth }
body { margin:0; background:var(--ground); color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif }
header { background:var(--paper); border-bottom:1px solid var(--line) }
.inner, main { max-width:1180px; margin:0 auto; padding:0 28px }
.inner { padding-top:26px; padding-bottom:16px }
.over { margin:0; color:var(--soft); font-size:13px; letter-spacing:.04em;
  text-transform:uppercase }
h1 { margin:.15em 0 .2em; font-size:28px; line-height:1.25 }
h2 { margin:0 0 14px; font-size:20px }
h3 { margin:22px 0 8px; font-size:15.5px }
.verdict { display:inline-block; vertical-align:middle; margin-left:10px; padding:3px 12px;
  border-radius:14px; font-size:14px; font-weight:600; color:#fff }
.fit { background:var(--green) } .unfit { background:var(--red) }
.path { margin:0 0 14px; color:var(--soft); overflow-wrap:anywhere }
.cards { display:flex; gap:12px; flex-wrap:wrap }
.card { padding:10px 18px; border:1px solid var(--line); border-radius:8px; min-width:150px }
.card b { display:block; font-size:22px } .card span { color:var(--soft); font-size:13px }
.card.bad b { color:var(--red) }
nav { display:flex; flex-wrap:wrap; gap:6px 18px; margin-top:14px }
nav a { color:var(--blue); text-decoration:none } nav a:hover { text-decoration:underline }
main { padding-top:22px; padding-bottom:60px }
section { background:var(--paper); border:1px solid var(--line); border-radius:10px;
  padding:22px 26px; margin-bottom:22px }
article { display:grid; grid-template-columns:84px 1fr; gap:16px; padding:14px 0;
  border-top:1px solid var(--line) }
article:first-of-type { border-top:0 } article h3 { margin:0 0 4px } article p { margin:0 0 6px }
.badge { display:block; text-align:center; padding:2px 0; border-radius:5px; font-size:12.5px;
  font-weight:600; color:#fff; background:var(--soft) }
.stop .badge, .ruin .badge { background:var(--red) } .warn .badge { background:var(--orange) }
.gain { height:5px; margin-top:7px; border-radius:3px; background:var(--line); overflow:hidden }
.gain i { display:block; height:100%; background:var(--soft) }
.stop .gain i, .ruin .gain i { background:var(--red) } .warn .gain i { background:var(--orange) }
code, pre { font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace }
code.apply { display:block; margin:4px 0; padding:4px 10px; background:var(--code);
  border-left:3px solid var(--blue); border-radius:3px; overflow-wrap:anywhere }
pre.command { white-space:pre-wrap; overflow-wrap:anywhere; background:var(--code);
  padding:12px 14px; border-radius:6px; margin:0 }
details { margin-top:6px; color:var(--soft); font-size:13.5px } summary { cursor:pointer }
details ul { margin:4px 0; padding-left:20px; overflow-wrap:anywhere }
.aside { color:var(--soft) }
.scroll { overflow-x:auto; margin-bottom:16px } .scroll.tall { max-height:640px; overflow-y:auto }
table { border-collapse:collapse; width:100%; font-size:13.5px }
th { text-align:left; white-space:nowrap; color:var(--soft); font-weight:600;
  position:sticky; top:0; background:var(--paper) }
th, td { padding:5px 14px 5px 0; border-bottom:1px solid var(--line); vertical-align:top;
  overflow-wrap:break-word }
td:first-child { min-width:90px } .number { font-variant-numeric:tabular-nums; white-space:nowrap }
figure { margin:0 }
.chart { display:inline-block; width:calc(50% - 12px); min-width:420px; margin:6px 10px 14px 0;
  vertical-align:top }
.chart figcaption { font-weight:600; margin-bottom:4px }
figcaption small { display:block; color:var(--soft); font-weight:400; font-size:12.5px }
svg { width:100%; height:auto; display:block }
svg text { font:11px system-ui,sans-serif; fill:var(--soft) }
svg text.mark { fill:var(--ink); font-weight:600 } svg text.name, svg text.count { font-size:12px }
svg .kept { fill:var(--kept) } svg .lost { fill:var(--red) }
svg line.grid { stroke:var(--line) } svg line.mark { stroke:var(--ink); stroke-dasharray:4 3 }
.gallery { display:flex; flex-wrap:wrap; gap:14px }
.gallery figure { border:1px solid var(--line); border-radius:7px; padding:8px; max-width:480px }
.gallery img { display:block; max-width:100%; border-radius:3px; background:#fff }
.gallery figcaption { font-size:13px; margin-top:5px; max-width:460px; overflow-wrap:anywhere }
.gallery figcaption b { display:block } .gallery figcaption span { color:var(--soft) }
.gallery figcaption b.wrong { color:var(--red) } .gallery figcaption small { display:block }
.gallery.large figure { max-width:100% } .gallery.large figcaption { max-width:620px }
.none { display:block; padding:14px 24px; color:var(--soft); background:var(--code) }
@media (max-width:900px) { .chart { width:100%; min-width:0 }
  article { grid-template-columns:1fr } }
@media print { section { break-inside:avoid } body { background:#fff } }
"""
