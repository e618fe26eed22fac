pub(super) const CSS: &str = "
:root{--paper:#fff;--ink:#1b1f24;--soft:#59636e;--line:#d5dae0;--card:#f5f7f9;--good:#0b6b3a;--bad:#b3261e;--warn:#8a5a00;--bar:#1f6feb;--track:#e4e8ec}
@media (prefers-color-scheme:dark){:root{--paper:#0f1317;--ink:#e6eaee;--soft:#9aa5b1;--line:#313a44;--card:#171d23;--good:#56d38b;--bad:#ff8a80;--warn:#f0b849;--bar:#6ba6ff;--track:#28313a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px 16px 48px;max-width:960px;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.4rem 0}
h2{font-size:1rem;margin:0 0 .5rem}
section{margin:28px 0 0}
.sub,footer{color:var(--soft);font-size:.9rem}
p{margin:.2rem 0}
.badge{display:inline-block;padding:2px 12px;border:2px solid currentColor;border-radius:99px;font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.plain{color:var(--soft)}
.box,.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px}
.box h2+p{margin-bottom:1rem}
.lines{white-space:pre-line}
.tiles{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));margin-top:24px}
.tile{margin:0}
.tile h2{color:var(--soft);font-weight:500}
.number{font-size:1.6rem;font-weight:650;line-height:1.2}
meter{width:100%;height:12px;margin-top:8px}
meter::-webkit-meter-bar{background:var(--track);border:0;border-radius:6px;height:8px}
meter.good::-webkit-meter-optimum-value{background:var(--good);border-radius:6px}
meter.bad::-webkit-meter-optimum-value{background:var(--bad);border-radius:6px}
svg{display:block;overflow:visible}
svg text{fill:var(--ink);font-size:13px}
svg .axis,svg .took{fill:var(--soft);font-size:12px}
.grid{stroke:var(--line);stroke-width:1}
.track{fill:var(--track)}.bar{fill:var(--bar)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500;white-space:nowrap}
td:first-child,td:nth-child(2){white-space:nowrap}
td:last-child{min-width:12rem}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:6px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0}
@media (max-width:560px){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
details{margin-top:12px}summary{cursor:pointer;color:var(--soft)}
code{font-size:.88em}
a{color:var(--bar)}
footer{margin-top:32px;border-top:1px solid var(--line);padding-top:12px}
@media print{body{max-width:none}}
";
