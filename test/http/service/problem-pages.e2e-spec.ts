import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { call } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

const FOLDER = join(process.cwd(), 'docs/problems');
const types = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: module }) =>
    readdirSync(join(FOLDER, module)).map((file) => `${module}/${file.replace(/\.md$/, '')}`),
  );

describe('the page behind the type of a problem', () => {
  const api = useAuthApi('problem-pages');

  it.each(types)('%s is served as it is committed', async (type) => {
    const { status, headers, body } = await call(api.url, 'GET', `/docs/problems/${type}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(body).toBe(readFileSync(join(FOLDER, `${type}.md`), 'utf8'));
  });

  it('the type of an answer leads to its page', async () => {
    const { body } = await api.get('/auth/me');
    const page = await call(api.url, 'GET', body.type);
    expect({ status: page.status, title: page.body.split('\n')[0] }).toEqual({
      status: 200,
      title: `# ${body.title}`,
    });
  });

  it.each(['nope/nope', 'request/..%2f..%2fpackage', 'request/..%2fREADME', '__proto__/toString'])(
    '%s has no page',
    async (type) => {
      expect((await api.get(`/docs/problems/${type}`)).status).toBe(404);
    },
  );
});
