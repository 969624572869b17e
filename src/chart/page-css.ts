/**
 * How a report looks: one type scale, one measure, colour where it means something. Its own roles are set beside those of the
 * charts, so that both change together with the reader's preference.
 */
import { FONT } from "./text.ts";
import { themeCss } from "./theme.ts";

const LIGHT = `${themeCss("light")};--page:#f6f7f9;--card:#ffffff;--head:#12202f;--head-ink:#ffffff;--head-muted:#b9c6d4;--rule:#dde2e8;--accent:#005a94;--note:#eaf2fa;--good-ground:#e8f5f0;--warning-ground:#fdf1e7;--warning-ink:#8a3a04`;
const DARK = `${themeCss("dark")};--page:#0e1217;--card:#151a21;--head:#0a1420;--head-ink:#eef2f6;--head-muted:#9fb0c0;--rule:#2a313a;--accent:#7cc4f0;--note:#14222f;--good-ground:#10261f;--warning-ground:#2b1d10;--warning-ink:#f0b27a`;

export function pageCss(): string {
  return `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
@media print{:root{${LIGHT};--page:#ffffff}}
*,*::before,*::after{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--assay-ink);font:16px/1.6 ${FONT}}
h1,h2,h3,p,dl,dd,figure{margin:0}
h1{font-size:clamp(1.6rem,1.2rem + 1.8vw,2.25rem);line-height:1.2;letter-spacing:-.015em;font-weight:650;text-wrap:balance}
h2{font-size:1.375rem;line-height:1.3;letter-spacing:-.01em;font-weight:650;margin-bottom:1rem}
h3{font-size:1rem;line-height:1.4;font-weight:650}
h1,h2,h3,p,th{overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
p code,li code{background:var(--assay-grid);border-radius:4px;padding:.1em .35em;overflow-wrap:anywhere}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--card);color:var(--accent);padding:.6rem 1rem;border-radius:0 0 6px 6px;z-index:3}
.skip:focus{top:0}
.inner{max-width:76rem;margin:0 auto;padding:0 1.5rem}
.top{background:var(--head);color:var(--head-ink);padding:2.75rem 0 2.25rem}
.lead{color:var(--head-ink);font-size:1.0625rem;margin-top:.75rem;max-width:46rem}
.top code{background:rgb(255 255 255/.12)}
.facts{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin-top:1.5rem;font-size:.875rem}
.facts dt{color:var(--head-muted)}
.facts dd{overflow-wrap:anywhere}
.frame{max-width:76rem;margin:0 auto;padding:2rem 1.5rem 3rem;display:grid;gap:2rem;grid-template-columns:minmax(0,1fr)}
nav{font-size:.875rem}
nav ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
nav a{color:var(--assay-muted);text-decoration:none;display:inline-block;padding:.25rem 0}
nav a:hover{color:var(--accent);text-decoration:underline}
main{display:grid;gap:3rem;grid-template-columns:minmax(0,1fr)}
section{scroll-margin-top:1rem}
section>*+*{margin-top:1.25rem}
section>h2+*{margin-top:0}
section>p{max-width:44rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,10.5rem),1fr));gap:1px;background:var(--rule);border:1px solid var(--rule);border-radius:10px;overflow:hidden}
.figures>div{background:var(--card);padding:1rem 1.125rem}
.figures dt{color:var(--assay-muted);font-size:.8125rem;line-height:1.4}
.figures dd{font-size:1.625rem;font-weight:650;line-height:1.3;letter-spacing:-.01em;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.figures small{display:block;font-size:.8125rem;font-weight:400;letter-spacing:0;line-height:1.45;color:var(--assay-muted);margin-top:.15rem}
.callout{border-radius:10px;padding:.9rem 1.125rem;background:var(--note);max-width:58rem}
.callout .head{font-weight:650}
.callout .head>span{display:inline-grid;place-items:center;width:1.35em;height:1.35em;border-radius:50%;background:var(--accent);color:var(--card);font-size:.8em;margin-right:.3em;vertical-align:.05em}
.callout.good{background:var(--good-ground)}
.callout.good .head>span{background:var(--assay-good)}
.callout.warning{background:var(--warning-ground)}
.callout.warning .head{color:var(--warning-ink)}
.callout.warning .head>span{background:var(--warning-ink)}
.charts{display:grid;gap:1.25rem;grid-template-columns:minmax(0,1fr)}
.charts.pair{grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr))}
.chart{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1.125rem 1.25rem 1rem;min-width:0;container-type:inline-size}
.chart figcaption p{color:var(--assay-muted);font-size:.875rem;line-height:1.5;margin-top:.2rem;max-width:52rem;overflow-wrap:anywhere}
.canvas{margin-top:1rem}
.canvas svg{display:block;width:100%;height:auto}
.large .wide svg{max-width:920px}
.small .wide svg{max-width:480px}
.canvas .narrow{display:none}
.canvas .narrow svg{max-width:400px}
@container (max-width:600px){.large .wide{display:none}.large .narrow{display:block}}
@container (max-width:380px){.small .wide{display:none}.small .narrow{display:block}}
details{margin-top:.75rem;font-size:.875rem}
summary{cursor:pointer;color:var(--accent);padding:.25rem 0;width:fit-content}
.scroll{overflow:auto;border:1px solid var(--rule);border-radius:10px;background:var(--card)}
.scroll.data{max-height:22rem;margin-top:.5rem;border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.9375rem;line-height:1.45}
.data table{font-size:.8125rem}
caption{text-align:left;color:var(--assay-muted);font-size:.875rem;padding:.75rem 1rem .5rem}
th,td{text-align:left;vertical-align:top;padding:.55rem 1rem;border-top:1px solid var(--rule);min-width:6.5rem}
.data th,.data td{padding:.3rem .75rem}
thead th{font-size:.8125rem;font-weight:600;color:var(--assay-muted);border-top:0;border-bottom:1px solid var(--rule);vertical-align:bottom}
.data thead th{position:sticky;top:0;background:var(--card)}
tbody tr:first-child>*{border-top:0}
tbody th{font-weight:600;min-width:8.5rem}
.n{min-width:0;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
thead .n{white-space:normal;overflow-wrap:break-word;max-width:12rem}
td small,th small{display:block;color:var(--assay-muted);font-size:.8125rem;font-weight:400}
.code figcaption{color:var(--assay-muted);font-size:.875rem;margin-bottom:.4rem}
pre{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1rem 1.125rem;overflow:auto;line-height:1.5}
footer{color:var(--assay-muted);font-size:.875rem;padding-bottom:2.5rem}
@media (min-width:72rem){
.frame:has(nav){grid-template-columns:11.5rem minmax(0,1fr);gap:3rem}
nav{position:sticky;top:1.5rem;align-self:start;border-left:1px solid var(--rule)}
nav ol{display:block}
nav a{padding:.3rem 0 .3rem 1rem}
}
@media (max-width:40rem){
.inner,.frame{padding-left:1rem;padding-right:1rem}
.top{padding:1.75rem 0 1.5rem}
.frame{padding-top:1.25rem}
.chart{padding:.9rem .8rem .8rem}
th,td{padding:.5rem .7rem}
}
@media print{
body{font-size:10.5pt}
.top{background:none;color:inherit;padding:0 0 1rem;border-bottom:2pt solid #12202f}
.lead{color:inherit}.facts dt{color:#59636e}
nav,.skip,details{display:none}
.frame{display:block;padding-top:1rem}
main{display:block}section{margin-bottom:1.5rem}
.chart,.callout,.figures,tr{break-inside:avoid}h2,h3,h2+p{break-after:avoid}
.charts.pair{grid-template-columns:1fr 1fr}
.scroll{overflow:visible}.chart,.scroll,pre{border-color:#c8ced6}
}
`.replaceAll("\n", "");
}
