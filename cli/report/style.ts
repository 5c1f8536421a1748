/** The page's only style sheet. Colours have a contrast of at least 4.5 to 1 on their ground, in both schemes. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --raised: #f4f5f7; --text: #1b1f24; --soft: #57606a; --line: #c9d1d9; --link: #0550ae;
  --clean: #116329; --drift: #8a4600; --hazard: #b3151f; --unreachable: #6b2fa0; --skipped: #57606a; --added: #dafbe1; --removed: #ffebe9;
  --series-0: #0550ae; --series-1: #9a4b00; --series-2: #116329; --series-3: #8c2fa8; --series-4: #b3151f; --series-5: #0b6e75; --series-6: #6b5a00; --series-7: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --raised: #161b22; --text: #e6edf3; --soft: #9da7b3; --line: #3d444d; --link: #6cb6ff;
  --clean: #56d364; --drift: #f0a04b; --hazard: #ff7b72; --unreachable: #d2a8ff; --skipped: #9da7b3; --added: #0f3d1f; --removed: #4d1416;
  --series-0: #6cb6ff; --series-1: #f0a04b; --series-2: #56d364; --series-3: #d2a8ff; --series-4: #ff7b72; --series-5: #56d4dd; --series-6: #e3c64f; --series-7: #9da7b3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 0 0 .5rem; }
a { color: var(--link); } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
.verdict { border-left: .4rem solid; padding: .5rem 1rem; background: var(--raised); margin: 1rem 0; } .verdict strong { font-size: 1.2rem; }
.clean { color: var(--clean); } .drift, .warning { color: var(--drift); } .hazard { color: var(--hazard); } .unreachable, .unknown { color: var(--unreachable); } .skipped, .rule, .none, time { color: var(--soft); }
.verdict p { color: var(--text); margin: 0; } .next li { margin-bottom: .6rem; } .next code { white-space: nowrap; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; min-width: 20rem; } caption { text-align: left; color: var(--soft); }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem; text-align: center; } th[scope=row], thead th:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); }
.mark { font-weight: 700; display: inline-block; min-width: 1.2em; text-align: center; } .badge { font-weight: 600; font-size: .85rem; border: 1px solid; border-radius: .3rem; padding: 0 .4rem; white-space: nowrap; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; font-size: .875rem; color: var(--soft); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; } td { position: relative; }
.node { border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; margin: .8rem 0; } .node > :last-child { margin-bottom: 0; }
summary { cursor: pointer; padding: .3rem 0; overflow-wrap: anywhere; } .hazards { padding-left: 1.2rem; } .change { margin: .4rem 0; }
pre { overflow-x: auto; background: var(--raised); padding: .6rem; margin: .3rem 0; overflow-wrap: normal; }
ins, del { text-decoration: none; display: block; width: max-content; min-width: 100%; } ins { background: var(--added); } del { background: var(--removed); } .hunk { color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .1rem 1rem; margin: .3rem 0; } dt { color: var(--soft); overflow-wrap: anywhere; } dd { margin: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1rem; margin-bottom: 1.5rem; }
.chart { margin: 0; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; min-width: 0; break-inside: avoid; } .chart [role=img] svg { display: block; width: 100%; height: auto; } .chart .key { width: .7em; height: .7em; margin-right: .3em; }
.chart figcaption span { color: var(--soft); font-size: .875rem; display: block; } .chart ul { list-style: none; margin: .4rem 0 0; padding: 0; font-size: .875rem; overflow-wrap: anywhere; }
@media (max-width: 30rem) { body { padding: .7rem; } th, td { padding: .3rem .45rem; } .node { padding: .6rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } .next code { white-space: normal; } }
@media print { body { max-width: none; font-size: 10pt; } .node { break-inside: avoid; } .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; } ins, del { width: auto; } details::details-content { content-visibility: visible; height: auto; } a { color: inherit; } }
`;
