// What is on the dashboards: rows of panels, each with its queries and what a line is called.
const RATE = '[$__rate_interval]';
const quantiles = (buckets, by = '') =>
  [0.5, 0.95, 0.99].map((q) => [
    `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ''}le) (rate(${buckets}${RATE})))`,
    `p${q * 100}${by ? ` {{${by}}}` : ''}`,
  ]);

const authentication = {
  uid: 'gatehouse-authentication',
  title: 'Gatehouse: authentication',
  rows: [
    {
      title: 'Objectives',
      panels: [
        {
          title: 'Bad requests, last hour',
          description: 'Share of requests that broke an objective. Budget: 0.1 %, and 1 % for latency.',
          unit: 'percentunit',
          queries: [['slo:error_ratio:rate1h', '{{job}} {{slo}}']],
        },
        {
          title: 'Authentication, p99',
          description: 'Objective: 50 ms.',
          unit: 'ms',
          limit: 50,
          queries: [['auth:latency_ms:p99_5m', '{{job}}']],
        },
        {
          title: 'Confused deputies, last day',
          description: 'Objective: none.',
          kind: 'stat',
          limit: 1,
          queries: [
            [
              'sum(increase(service_confused_deputy_attempts_total[1d])) + (sum(increase(kong_auth_confused_deputy_total[1d])) or vector(0))',
              '',
            ],
          ],
        },
      ],
    },
    {
      title: 'Who is let in',
      panels: [
        {
          title: 'Let in by services, by method',
          unit: 'reqps',
          queries: [[`sum by (method) (rate(service_auth_success_total${RATE}))`, '{{method}}']],
        },
        {
          title: 'Let in by the gateway, by method',
          unit: 'reqps',
          queries: [
            [`sum(rate(kong_auth_jwt_success_total${RATE}))`, 'jwt'],
            [`sum(rate(kong_auth_apikey_success_total${RATE}))`, 'apikey'],
          ],
        },
        {
          title: 'API keys in use',
          queries: [
            ['max(api_keys_active)', 'active'],
            ['max(api_keys_used_last_day)', 'used within a day'],
          ],
        },
      ],
    },
    {
      title: 'Who is refused',
      panels: [
        {
          title: 'Refused by the gateway, by reason',
          unit: 'reqps',
          queries: [[`sum by (reason) (rate(kong_auth_refused_total${RATE}))`, '{{reason}}']],
        },
        {
          title: 'Refused by the gateway, by path',
          unit: 'reqps',
          queries: [[`sum by (route) (rate(kong_auth_refused_total${RATE}))`, '{{route}}']],
        },
        {
          title: 'Refused by services, by reason',
          unit: 'reqps',
          queries: [
            [`sum by (job, reason) (rate(service_auth_failures_total${RATE}))`, '{{job}} {{reason}}'],
          ],
        },
        {
          title: 'Refused by services, by path',
          unit: 'reqps',
          queries: [
            [
              `sum by (job, route, status) (rate(http_request_duration_seconds_count{status=~"401|403"}${RATE}))`,
              '{{job}} {{route}} {{status}}',
            ],
          ],
        },
      ],
    },
    {
      title: 'How long it takes',
      panels: [
        {
          title: 'Authentication at the gateway',
          unit: 'ms',
          limit: 50,
          queries: quantiles('kong_auth_latency_ms_bucket'),
        },
        {
          title: 'Authentication in services',
          unit: 'ms',
          limit: 50,
          queries: quantiles('service_auth_latency_ms_bucket', 'job'),
        },
      ],
    },
  ],
};

const services = {
  uid: 'gatehouse-services',
  title: 'Gatehouse: services',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'Requests, by status',
          unit: 'reqps',
          queries: [
            [`sum by (job, status) (rate(http_request_duration_seconds_count${RATE}))`, '{{job}} {{status}}'],
          ],
        },
        {
          title: 'Answers that we owe (5xx), by path',
          unit: 'reqps',
          queries: [
            [
              `sum by (job, route, status) (rate(http_request_duration_seconds_count{status=~"5.."}${RATE}))`,
              '{{job}} {{route}} {{status}}',
            ],
          ],
        },
        {
          title: 'Time to answer',
          unit: 's',
          queries: quantiles('http_request_duration_seconds_bucket', 'job'),
        },
      ],
    },
    {
      title: 'Keycloak and PostgreSQL',
      panels: [
        {
          title: 'Requests to Keycloak, by outcome',
          unit: 'reqps',
          queries: [[`sum by (outcome) (rate(keycloak_requests_total${RATE}))`, '{{outcome}}']],
        },
        {
          title: 'Time Keycloak takes, p95',
          unit: 's',
          queries: [
            [
              `histogram_quantile(0.95, sum by (operation, le) (rate(keycloak_request_duration_seconds_bucket${RATE})))`,
              '{{operation}}',
            ],
          ],
        },
        {
          title: 'SQL statements',
          unit: 'ops',
          queries: [
            [`sum by (job, connection) (rate(storage_statements_total${RATE}))`, '{{job}} {{connection}}'],
          ],
        },
        {
          title: 'Jobs, by outcome',
          unit: 'ops',
          queries: [[`sum by (task, outcome) (rate(jobs_total${RATE}))`, '{{task}} {{outcome}}']],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Targets that tell their metrics',
          queries: [['sum by (job) (up)', '{{job}}']],
        },
        {
          title: 'CPU',
          unit: 'percentunit',
          queries: [[`rate(process_cpu_seconds_total${RATE})`, '{{job}} {{instance}}']],
        },
        {
          title: 'Memory',
          unit: 'bytes',
          queries: [['process_resident_memory_bytes', '{{job}} {{instance}}']],
        },
        {
          title: 'Event loop delay, p99',
          unit: 's',
          queries: [['nodejs_eventloop_lag_p99_seconds', '{{job}} {{instance}}']],
        },
      ],
    },
  ],
};

const sync = {
  uid: 'gatehouse-sync',
  title: 'Gatehouse: gateway and synchronisation',
  rows: [
    {
      title: 'What Kong has',
      panels: [
        {
          title: 'In sync',
          description: '1: Kong is what it should be.',
          kind: 'stat',
          queries: [['max(kong_sync_in_sync)', '']],
        },
        {
          title: 'Oldest change that waits',
          unit: 's',
          limit: 60,
          queries: [['max(kong_sync_lag_seconds)', 'lag']],
        },
        { title: 'Consumers that wait', queries: [['max(kong_sync_pending)', 'pending']] },
        {
          title: 'Drift, last day',
          description: 'Differences that no change of ours explains.',
          kind: 'stat',
          limit: 1,
          queries: [['sum(increase(kong_sync_drift_total[1d]))', '']],
        },
      ],
    },
    {
      title: 'What is written',
      panels: [
        {
          title: 'Writes to Kong',
          unit: 'ops',
          queries: [
            [`sum by (operation, kind) (rate(kong_sync_writes_total${RATE}))`, '{{operation}} {{kind}}'],
          ],
        },
        {
          title: 'Failed requests of kong-sync',
          unit: 'ops',
          queries: [
            [`sum by (operation, kind) (rate(kong_sync_errors_total${RATE}))`, '{{operation}} {{kind}}'],
          ],
        },
        {
          title: 'Requests to the Admin API, by outcome',
          unit: 'reqps',
          queries: [[`sum by (outcome) (rate(kong_admin_requests_total${RATE}))`, '{{outcome}}']],
        },
      ],
    },
    {
      title: 'What the edge knows',
      panels: [
        {
          title: 'API keys validated for the gateway, by outcome',
          description: 'What the gateway does not know from its cache.',
          unit: 'reqps',
          queries: [[`sum by (outcome) (rate(api_key_validations_total${RATE}))`, '{{outcome}}']],
        },
        {
          title: 'Age of the realm keys',
          unit: 's',
          limit: 120,
          queries: [['max by (job) (service_jwks_age_seconds)', '{{job}}']],
        },
        {
          title: 'Since Keycloak was asked for changes of users',
          unit: 's',
          limit: 30,
          queries: [['time() - max(user_events_last_success_timestamp_seconds)', 'age']],
        },
        {
          title: 'Tokens refused at the gateway, by reason',
          unit: 'reqps',
          queries: [[`sum by (reason) (rate(kong_auth_jwt_failures_total${RATE}))`, '{{reason}}']],
        },
        {
          title: 'API keys refused at the gateway, by reason',
          unit: 'reqps',
          queries: [[`sum by (reason) (rate(kong_auth_apikey_failures_total${RATE}))`, '{{reason}}']],
        },
      ],
    },
  ],
};

export const DASHBOARDS = [authentication, services, sync];
