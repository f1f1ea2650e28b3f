import type { ClientRun, Run } from './consumers-drive.js';

/** Kong counts a request after it has let it in: one more may get through in each minute. */
const COUNTED_LATE = 1;

/** What the limit allowed, in the minutes that the run touched. */
export function allowedOf({ limit, byMinute }: ClientRun): number | undefined {
  return limit === undefined ? undefined : limit * Math.max(1, byMinute.size);
}

/** Whether the client got what its limit allows: no more in any minute, and no less where all was in one. */
export function verdictOf(client: ClientRun): string {
  const { limit, accepted, refused, failed, byMinute } = client;
  if (failed > 0) return `${failed} failed`;
  if (limit === undefined) return 'no limit seen';
  const most = Math.max(0, ...byMinute.values());
  if (most > limit + COUNTED_LATE) return `${most - limit} too many`;
  const due = Math.min(limit, accepted + refused);
  return byMinute.size <= 1 && accepted < due ? `${due - accepted} too few` : 'held';
}

/** A line for each client, and one for all. */
export function table({ clients, seconds }: Run): string {
  const head = ['client', 'limit/min', 'minutes', 'sent', 'accepted', 'refused', 'verdict'];
  const rows = clients.map((client) => [
    client.username,
    String(client.limit ?? '–'),
    String(Math.max(1, client.byMinute.size)),
    String(client.accepted + client.refused + client.failed),
    String(client.accepted),
    String(client.refused),
    verdictOf(client),
  ]);
  const sum = (what: 'accepted' | 'refused' | 'failed') =>
    clients.reduce((all, client) => all + client[what], 0);
  const sent = sum('accepted') + sum('refused') + sum('failed');
  const all = ['all', '', '', String(sent), String(sum('accepted')), String(sum('refused')), ''];
  const lines = [head, ...rows, all];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isText = (column: number) => column === 0 || column === head.length - 1;
  const drawn = lines.map((line) =>
    line
      .map((cell, column) =>
        isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [
    ...drawn,
    '',
    `${sent} requests in ${seconds.toFixed(1)} s, ${Math.round(sent / seconds)} a second`,
  ].join('\n');
}
