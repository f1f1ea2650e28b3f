import { allowedOf, verdictOf } from './consumers-report.js';
import type { ClientRun, Run } from './consumers-drive.js';

const WIDTH = 900;
const NAME = 200;
const ROW = 22;
const BAR = 14;
const VERDICT = 90;
const TIME_HEIGHT = 160;

/** A page of its own, without scripts: a bar for each client with its limit, and what came back over time. */
export function picture(run: Run): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Registered clients against their limits</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: ${WIDTH}px; color: #1c1e21; }
  svg { width: 100%; height: auto; }
  text { font: 12px system-ui, sans-serif; fill: currentColor; }
  .accepted { fill: #2b8a6e; } .refused { fill: #d98c3f; } .failed { fill: #b3261e; }
  .limit { stroke: #1c1e21; stroke-width: 2; } .axis { stroke: #b9bec6; }
  .key { display: inline-block; width: 0.8em; height: 0.8em; margin: 0 0.3em 0 1em; }
</style>
<h1>Registered clients against their limits</h1>
<p>${run.clients.length} clients, ${run.seconds.toFixed(1)} s, ${run.at.toISOString()}.
<span class="key" style="background:#2b8a6e"></span>accepted
<span class="key" style="background:#d98c3f"></span>refused (429)
<span class="key" style="background:#b3261e"></span>failed
<span class="key" style="background:#1c1e21;width:2px"></span>what the limit allows</p>
${bars(run.clients)}
<h2>Answers a second, all clients</h2>
${overTime(run.timeline)}
</html>
`;
}

function bars(clients: readonly ClientRun[]): string {
  const most = Math.max(1, ...clients.map((client) => client.accepted + client.refused + client.failed));
  const scale = (WIDTH - NAME - VERDICT) / most;
  const rows = clients.map((client, index) => {
    const y = index * ROW;
    const { accepted, refused, failed } = client;
    const allowed = allowedOf(client);
    const limitAt = NAME + Math.min(allowed ?? Infinity, most) * scale;
    const line =
      allowed === undefined || allowed > most
        ? ''
        : `<line class="limit" x1="${px(limitAt)}" x2="${px(limitAt)}" y1="${y}" y2="${y + BAR + 4}"/>`;
    return `<g><title>${escape(client.username)}: ${accepted} accepted, ${refused} refused, ${failed} failed, limit ${client.limit ?? 'unknown'} a minute</title>
<text x="0" y="${y + BAR}">${escape(client.username)}</text>
${bar('accepted', NAME, y, accepted * scale)}
${bar('refused', NAME + accepted * scale, y, refused * scale)}
${bar('failed', NAME + (accepted + refused) * scale, y, failed * scale)}
${line}<text x="${WIDTH - VERDICT + 8}" y="${y + BAR}">${escape(verdictOf(client))}</text></g>`;
  });
  return svg(clients.length * ROW, 'Accepted and refused requests of each client', rows.join('\n'));
}

function overTime(timeline: Run['timeline']): string {
  const most = Math.max(1, ...timeline.map(({ accepted, refused }) => accepted + refused));
  const step = (WIDTH - 40) / Math.max(1, timeline.length);
  const height = TIME_HEIGHT - 24;
  const columns = timeline.map(({ accepted, refused }, second) => {
    const [x, a, r] = [40 + second * step, (accepted / most) * height, (refused / most) * height];
    const width = px(Math.max(1, step - 1));
    return `<g><title>second ${second}: ${accepted} accepted, ${refused} refused</title>
<rect class="accepted" x="${px(x)}" y="${px(height - a)}" width="${width}" height="${px(a)}"/>
<rect class="refused" x="${px(x)}" y="${px(height - a - r)}" width="${width}" height="${px(r)}"/></g>`;
  });
  const axis = `<line class="axis" x1="40" x2="${WIDTH}" y1="${height}" y2="${height}"/>
<text x="0" y="12">${most}</text><text x="0" y="${height}">0</text>
<text x="40" y="${TIME_HEIGHT - 6}">0 s</text>
<text x="${WIDTH}" y="${TIME_HEIGHT - 6}" text-anchor="end">${timeline.length} s</text>`;
  return svg(TIME_HEIGHT, 'Accepted and refused requests a second', [...columns, axis].join('\n'));
}

function bar(kind: string, x: number, y: number, width: number): string {
  return width === 0
    ? ''
    : `<rect class="${kind}" x="${px(x)}" y="${y + 2}" width="${px(width)}" height="${BAR}"/>`;
}

function svg(height: number, label: string, inside: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">\n${inside}\n</svg>`;
}

function px(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
