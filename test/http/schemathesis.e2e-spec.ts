import { describe, expect, it } from '@jest/globals';
import { GATEWAY_CALL_SECRET } from '../support/auth-api.js';
import { endpoints } from '../support/contract.js';
import { useAuthApi } from '../support/harness.js';
import { runSchemathesis, type SchemathesisResult } from '../support/schemathesis.js';

/**
 * Left out: positive_data_acceptance, missing_required_header and ignored_auth, which cannot know that a cursor must be
 * ours, that a refresh token has three ways to come, and that an empty header is none.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
  'use_after_free',
  'ensure_resource_availability',
];
const EXAMPLES = 40;
const LONGEST_MS = 400_000;

describe('schemathesis on /openapi.json', () => {
  const api = useAuthApi('schemathesis', { LOG_LEVEL: 'info' });
  const overrides = { '/auth/validate-api-key': GATEWAY_CALL_SECRET };
  const operations = endpoints().length;

  const expectNothingFound = ({ code, output, ...counts }: SchemathesisResult): void => {
    const failures = code === 0 ? '' : output.slice(output.indexOf('= FAILURES =')).slice(0, 8000);
    expect({ code, failures }).toEqual({ code: 0, failures: '' });
    expect(counts.operations).toBe(operations);
    expect(counts.cases).toBeGreaterThan(30 * operations);
  };

  it(
    'finds no 5xx and no undeclared answer as a registered user who is an administrator',
    async () => {
      const admin = await api.admin();
      const { url } = api;
      const run = { url, token: admin.accessToken, overrides, checks: CHECKS, examples: EXAMPLES };
      expectNothingFound(await runSchemathesis(run));
      // Whatever it sent to logout and refresh-token, it had no refresh token of his.
      expect((await api.me(admin.accessToken)).status).toBe(200);
      const { status } = await api.post('/auth/refresh-token', {
        body: { refresh_token: admin.refreshToken },
      });
      expect(status).toBe(200);
    },
    LONGEST_MS,
  );

  it(
    'finds none as a guest, who may upgrade on the way',
    async () => {
      const { accessToken: token } = await api.guest();
      const run = { url: api.url, token, overrides, checks: CHECKS, examples: EXAMPLES };
      expectNothingFound(await runSchemathesis(run));
    },
    LONGEST_MS,
  );

  it(
    'finds none as a stranger',
    async () => {
      const run = { url: api.url, token: undefined, overrides: {}, checks: CHECKS, examples: 10 };
      expectNothingFound(await runSchemathesis(run));
    },
    LONGEST_MS,
  );
});
