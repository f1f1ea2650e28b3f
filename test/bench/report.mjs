const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The middle value, and from where to where it went. */
export function spread(values) {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '';
  const [low, high] = [Math.min(...known), Math.max(...known)].map(number);
  return low === high ? low : `${number(median(known))} (${low}–${high})`;
}

/**
 * A readable table: two lines a row, ours and what it is compared to.
 *
 * @param {{ row: import('./rows.mjs').Row, rounds: { ours: object, baseline: object }[] }[]} results
 */
export function table(results) {
  const lines = [
    ['', 'per second', 'p50 ms', 'p99 ms', 'CPU ms/req', 'SQL', 'Keycloak', 'of baseline', 'goal'],
  ];
  for (const { row, rounds } of results)
    for (const side of ['ours', 'baseline']) {
      const of = (field) => spread(rounds.map((round) => round[side][field]));
      const fields = ['perSecond', 'p50', 'p99', 'cpuMs', 'sql', 'keycloak'].map(of);
      const ratio = spread(rounds.map(({ ours, baseline }) => ours.perSecond / baseline.perSecond));
      const title = side === 'ours' ? row.ours.title : `  ${row.baseline.title}`;
      lines.push([title, ...fields, ...(side === 'ours' ? [ratio, row.goal] : ['', ''])]);
    }
  return columns(lines);
}

/** Lines of cells, each column as wide as its widest cell. @param {string[][]} lines */
export function columns(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
