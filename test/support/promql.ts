import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { parser } from '@prometheus-io/lezer-promql';

/** A PromQL expression of a rule or of a dashboard. */
export interface Query {
  /** Alert, recorded metric, or dashboard and panel. */
  readonly where: string;
  readonly expr: string;
  /** `{{label}}` in the name of a line. */
  readonly legend: string;
}

/** What an expression asks for: a metric and the labels that it selects or groups by. */
export interface Asked {
  readonly metric: string;
  readonly labels: readonly string[];
}

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const RULES = 'docker/prometheus/rules';
const DASHBOARDS = 'docker/grafana/dashboards';

export function rules(): Rule[] {
  return readdirSync(RULES).flatMap((file) => {
    const { groups } = load(readFileSync(`${RULES}/${file}`, 'utf8')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap((group) => group.rules);
  });
}

export function queries(): Query[] {
  const ofRules = rules().map(({ alert, record, expr }) => ({
    where: alert ?? record ?? '',
    expr,
    legend: '',
  }));
  const ofDashboards = readdirSync(DASHBOARDS).flatMap((file) => {
    const { title, panels } = JSON.parse(readFileSync(`${DASHBOARDS}/${file}`, 'utf8')) as {
      title: string;
      panels: Panel[];
    };
    return panels.flatMap(({ title: panel, targets = [] }) =>
      targets.map(({ expr, legendFormat: legend }) => ({
        where: `${title}, ${panel}`,
        expr: expr.replaceAll('$__rate_interval', '5m'),
        legend,
      })),
    );
  });
  return [...ofRules, ...ofDashboards];
}

/** What is asked for, each metric with the labels of its own selector and of the aggregations around it. */
export function askedBy({ expr, legend }: Query): Asked[] {
  const tree = parser.parse(expr);
  const asked: { metric: string; labels: Set<string> }[] = [];
  const around: { to: number; labels: string[] }[] = [];
  const text = (node: { from: number; to: number }) => expr.slice(node.from, node.to);
  let selector: (typeof asked)[number] | undefined;
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${expr}`);
      while ((around.at(-1)?.to ?? Infinity) <= node.from) around.pop();
      if (node.name === 'AggregateExpr') {
        const modifier = node.node.getChild('AggregateModifier')?.getChild('GroupingLabels');
        const labels = modifier?.getChildren('LabelName').map(text) ?? [];
        around.push({ to: node.to, labels });
      }
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        if (name === null) throw new Error(`a selector without a metric: ${text(node)}`);
        selector = { metric: text(name), labels: new Set(around.flatMap(({ labels }) => labels)) };
        asked.push(selector);
      }
      if (node.name === 'LabelName' && node.node.parent?.name === 'UnquotedLabelMatcher')
        selector?.labels.add(text(node));
    },
  });
  // A line's name can only show what is left after all aggregations.
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  return asked.map(({ metric, labels }) => ({ metric, labels: [...new Set([...labels, ...shown])] }));
}

/** The labels that each metric of a /metrics page has, by its name as it is stored. */
export function exportedBy(page: string): Map<string, Set<string>> {
  const exported = new Map<string, Set<string>>();
  for (const line of page.split('\n')) {
    const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = exported.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label);
    exported.set(name, known);
  }
  return exported;
}
