import { textOf } from '../entities/value.js';
type Kind = 'counter' | 'gauge' | 'histogram';
interface Metric {
  readonly kind: Kind;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets: readonly number[];
  readonly values: Map<string, number>;
  readonly sums: Map<string, { sum: number; count: number; readonly counts: number[] }>;
}
const BUCKETS = [1, 2, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]; // prettier-ignore

/** What Lua plugins count, as Prometheus reads it. */
export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  register(
    kind: Kind,
    name: string,
    help: string,
    labels: readonly string[] = [],
    buckets = BUCKETS,
  ): string {
    const full = `kong_${name}`;
    if (!this.#metrics.has(full))
      this.#metrics.set(full, { kind, help, labels, buckets, values: new Map(), sums: new Map() });
    return full;
  }

  add(name: string, by: number, labels: readonly unknown[]): void {
    const metric = this.#metrics.get(name);
    if (!metric) return;
    const key = labelText(metric.labels, labels);
    metric.values.set(key, (metric.values.get(key) ?? 0) + by);
  }

  set(name: string, value: number, labels: readonly unknown[]): void {
    const metric = this.#metrics.get(name);
    metric?.values.set(labelText(metric.labels, labels), value);
  }

  observe(name: string, value: number, labels: readonly unknown[]): void {
    const metric = this.#metrics.get(name);
    if (!metric) return;
    const key = labelText(metric.labels, labels);
    const held = metric.sums.get(key) ?? { sum: 0, count: 0, counts: metric.buckets.map(() => 0) };
    metric.sums.set(key, held);
    held.sum += value;
    held.count += 1;
    metric.buckets.forEach((bucket, at) => {
      if (value <= bucket) held.counts[at] = (held.counts[at] ?? 0) + 1;
    });
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, metric] of [...this.#metrics].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.kind}`);
      for (const [labels, value] of metric.values) lines.push(`${name}${braced(labels)} ${value}`);
      for (const [labels, { sum, count, counts }] of metric.sums) {
        const comma = labels ? `${labels},` : '';
        metric.buckets.forEach((bucket, at) =>
          lines.push(`${name}_bucket{${comma}le="${bucket}"} ${counts[at]}`),
        );
        lines.push(`${name}_bucket{${comma}le="+Inf"} ${count}`);
        lines.push(`${name}_count${braced(labels)} ${count}`, `${name}_sum${braced(labels)} ${sum}`);
      }
    }
    return lines.length > 0 ? `${lines.join('\n')}\n` : '';
  }
}

const braced = (labels: string) => (labels ? `{${labels}}` : '');
const escape = (value: string) => value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');

function labelText(names: readonly string[], values: readonly unknown[]): string {
  return names.map((name, at) => `${name}="${escape(textOf(values[at] ?? ''))}"`).join(',');
}
