// Writes the dashboards from what dashboards.mjs says is on them: `node docker/grafana/generate.mjs`.
// `--check` writes nothing and fails when a committed file is not current.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DASHBOARDS } from './dashboards.mjs';

const DATASOURCE = { type: 'prometheus', uid: 'prometheus' };
const COLUMNS = 24;

function dashboard({ uid, title, rows }) {
  const panels = [];
  let y = 0;
  for (const { title: heading, panels: described } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: heading,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    const w = Math.floor(COLUMNS / described.length);
    for (const [at, one] of described.entries())
      panels.push({ id: panels.length + 1, ...panel(one), gridPos: { x: at * w, y, w, h: 8 } });
    y += 8;
  }
  return {
    uid,
    title,
    tags: ['gatehouse'],
    timezone: 'utc',
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [] },
    panels,
  };
}

/** A line a query; `kind: 'stat'` shows the last value alone. `limit` is drawn as a line, or colours the value. */
function panel({ title, description, kind = 'timeseries', unit = 'short', limit, queries }) {
  const steps = [
    { color: 'green', value: null },
    ...(limit === undefined ? [] : [{ color: 'red', value: limit }]),
  ];
  return {
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        ...(kind === 'timeseries' && {
          custom: { thresholdsStyle: { mode: limit === undefined ? 'off' : 'line' } },
        }),
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'] } }
        : { legend: { displayMode: 'list', placement: 'bottom' } },
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

const here = dirname(fileURLToPath(import.meta.url));
const files = DASHBOARDS.map((board) => [
  `${board.uid}.json`,
  `${JSON.stringify(dashboard(board), null, 2)}\n`,
]);
if (process.argv.includes('--check')) {
  const present = readdirSync(join(here, 'dashboards'));
  const dead = present.filter((name) => !files.some(([file]) => file === name));
  const stale = files.filter(
    ([name, text]) =>
      !present.includes(name) || readFileSync(join(here, 'dashboards', name), 'utf8') !== text,
  );
  for (const name of [...dead, ...stale.map(([file]) => file)])
    console.error(`dashboards/${name}: not current`);
  process.exit(dead.length + stale.length > 0 ? 1 : 0);
}
for (const [name, text] of files) writeFileSync(join(here, 'dashboards', name), text);
