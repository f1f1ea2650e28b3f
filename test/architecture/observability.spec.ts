import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import '../../libs/keycloak/src/keycloak.problems.js';
import '../../libs/principal/src/principal.problems.js';
import '../../libs/storage/src/storage.problems.js';
import { declaredProblems } from '#problem';
import { askedBy, exportedBy, queries, rules } from '../support/promql.js';

interface Judgement {
  readonly expr: string;
  readonly exp_samples: readonly { readonly labels: string }[];
}

const GUIDE = 'docs/guides/observability.md';
const TESTS = 'docker/prometheus/tests';
const alerts = rules().filter(({ alert }) => alert !== undefined);
const ruleTests = readdirSync(TESTS).flatMap(
  (file) =>
    (load(readFileSync(`${TESTS}/${file}`, 'utf8')) as { tests: { promql_expr_test: Judgement[] }[] }).tests,
);

/** The text under each heading, by the heading's address on the page. */
const sections = new Map(
  readFileSync(GUIDE, 'utf8')
    .split(/^#+ /m)
    .map((section) => {
      const [heading = ''] = section.split('\n', 1);
      const anchor = heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-');
      return [anchor, section] as const;
    }),
);

describe('an alert', () => {
  it.each(alerts.map((alert) => [alert.alert ?? '', alert] as const))(
    '%s says what is wrong, how bad it is, and where stands what to do',
    (name, { annotations, labels }) => {
      expect(annotations?.['summary']).toBeTruthy();
      expect(annotations?.['description']).toBeTruthy();
      expect(labels?.['severity']).toMatch(/^(page|ticket)$/);
      const [page, anchor = ''] = (annotations?.['runbook_url'] ?? '').split('#');
      expect(page).toBe(GUIDE);
      expect(sections.get(anchor)).toContain(`**${name}**`);
    },
  );

  it.each(alerts.map(({ alert = '' }) => alert))(
    '%s has a test that it fires, and one that it is silent',
    (name) => {
      const judgements = ruleTests.flatMap((test) => test.promql_expr_test);
      const isFiring = new RegExp(`ALERTS\\{alertname="${name}",alertstate="firing"`);
      expect(
        judgements.some(({ exp_samples: samples }) => samples.some(({ labels }) => isFiring.test(labels))),
      ).toBe(true);
      const isAbout = ({ expr }: Judgement) => expr === 'ALERTS' || expr.includes(`alertname="${name}"`);
      expect(judgements.some((one) => isAbout(one) && one.exp_samples.length === 0)).toBe(true);
    },
  );
});

describe('what an expression asks for', () => {
  const query = (expr: string, legend = '') => ({ where: 'here', expr, legend });

  it('is each metric with the labels it is selected, grouped and shown by', () => {
    const expr =
      'sum by (job) (rate(a_total{reason=~"x|y"}[5m])) / on (job) sum by (job) (rate(b_total[5m])) > c';
    expect(askedBy(query(expr, '{{job}} {{task}}'))).toEqual([
      { metric: 'a_total', labels: ['job', 'reason', 'task'] },
      { metric: 'b_total', labels: ['job', 'task'] },
      { metric: 'c', labels: ['job', 'task'] },
    ]);
  });

  it.each(['sum(rate(a{', 'sum by job (a)', 'rate(a[5m]', '{job="a"}'])(
    'is refused where it cannot be read: %s',
    (expr) => {
      expect(() => askedBy(query(expr))).toThrow();
    },
  );

  it('is compared with names and labels as a page of metrics has them', () => {
    const page =
      '# HELP a x\na_bucket{service="s",le="+Inf"} 1\na_sum{service="s"} 0.5\nb{x="a,b=\\"c"} Nan\nc 1\n';
    expect(exportedBy(page)).toEqual(
      new Map([
        ['a_bucket', new Set(['service', 'le'])],
        ['a_sum', new Set(['service'])],
        ['b', new Set(['x'])],
        ['c', new Set()],
      ]),
    );
  });
});

describe('rules and dashboards', () => {
  it.each(queries().map((query) => [query.where, query] as const))('%s can be read', (_where, query) => {
    expect(() => askedBy(query)).not.toThrow();
  });

  it('ask for recorded metrics that a rule records', () => {
    const recorded = new Set(rules().map(({ record }) => record));
    const asked = queries()
      .flatMap(askedBy)
      .map(({ metric }) => metric);
    expect(asked.filter((metric) => metric.includes(':') && !recorded.has(metric))).toEqual([]);
  });

  it('name reasons of services and of the gateway that there are', () => {
    const gateway = readFileSync('kong/plugins/gatehouse/failures.lua', 'utf8');
    const ofServices = [...declaredProblems().map(({ type }) => type.split('/')[1]), 'internal'];
    const named = queries().flatMap(({ expr }) =>
      [...expr.matchAll(/(kong|service)_\w+\{reason=~?"([^"]+)"/g)].flatMap(([, of, reasons = '']) =>
        reasons.split('|').map((reason) => ({ of, reason })),
      ),
    );
    expect(named.length).toBeGreaterThan(6);
    for (const { of, reason } of named)
      if (of === 'kong') expect(gateway).toContain(`reason = "${reason}"`);
      else expect(ofServices).toContain(reason);
  });
});

describe('dashboards', () => {
  it('are what their description says: node docker/grafana/generate.mjs', () => {
    const { status, stderr } = spawnSync(process.execPath, ['docker/grafana/generate.mjs', '--check'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
