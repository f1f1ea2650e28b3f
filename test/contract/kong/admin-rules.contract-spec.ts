import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startGateway, type TestGateway } from './gateway.js';

let db: TestGateway;
let dbless: TestGateway;
const ID = '5e6f5e5c-7a0b-4a1c-9c1d-0000000000aa';

beforeAll(async () => {
  [db, dbless] = await Promise.all([startGateway('db'), startGateway('dbless')]);
});
afterAll(() => {
  db.close();
  dbless.close();
});
beforeEach(async () => {
  for (const kind of ['plugins', 'routes', 'services', 'consumers'])
    for (const { id } of (await db.admin(`GET /${kind}?size=1000`)).json.data as { id: string }[])
      await db.admin(`DELETE /${kind}/${id}`);
});

describe('writing', () => {
  it('PUT replaces, and keeps the id', async () => {
    const { json: made } = await db.admin('PUT /consumers/ann', { custom_id: 'c', tags: ['t'] });
    const { json: replaced } = await db.admin('PUT /consumers/ann', {});
    expect(replaced).toMatchObject({ id: made.id, username: 'ann', custom_id: null, tags: null });
  });

  it('PUT moves a credential that is another consumer’s', async () => {
    await db.admin('POST /consumers', { username: 'ann' });
    const { json: ben } = await db.admin('POST /consumers', { username: 'ben' });
    await db.admin('POST /consumers/ann/key-auth', { key: 'k' });
    expect((await db.admin('PUT /consumers/ben/key-auth/k', {})).json.consumer).toEqual({ id: ben.id });
    expect((await db.admin('GET /consumers/ann/key-auth/k')).status).toBe(404);
  });

  it('PATCH merges records, and replaces lists and maps', async () => {
    await db.admin('POST /services', { name: 's', url: 'http://a' });
    await db.admin('POST /services/s/routes', { name: 'r', paths: ['/a'], headers: { 'x-a': ['1'] } });
    const { json } = await db.admin('PATCH /routes/r', { paths: ['/b'], headers: { 'x-b': ['2'] } });
    expect(json).toMatchObject({ paths: ['/b'], headers: { 'x-b': ['2'] } });
    expect(json.headers).not.toHaveProperty('x-a');
  });

  it('refuses ids that are taken, references to nothing and names of nothing', async () => {
    await db.admin('POST /consumers', { id: ID, username: 'ann' });
    expect((await db.admin('POST /consumers', { id: ID, username: 'x' })).json).toMatchObject({
      code: 3,
      fields: { id: ID },
    });
    const to = (service: object) => db.admin('POST /routes', { name: 'r', paths: ['/r'], service });
    expect((await to({ id: ID })).json).toEqual({
      code: 4, name: 'foreign key violation', fields: { service: { id: ID } },
      message: `the foreign key '{id="${ID}"}' does not reference an existing 'services' entity.`,
    }); // prettier-ignore
    expect((await to({ name: 'none' })).json).toMatchObject({
      code: 13,
      message: expect.stringContaining("'{name=\"none\"}' for an existing 'services' entity"),
    });
    expect((await to({ id: 'x' })).json).toMatchObject({
      code: 2,
      fields: { service: { id: 'expected a valid UUID' } },
    });
  });

  it('says in which place of a list the fault is', async () => {
    const { json } = await db.admin('POST /routes', { paths: ['/fine', 'not'] });
    expect(json.fields).toEqual({ paths: [null, 'should start with: / (fixed path) or ~/ (regex path)'] });
    expect(json.message).toContain('(paths.2: should start with');
  });

  it('takes forms, and finds out their types', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await db.admin('POST /services', 'name=s&url=http://a.example&retries=2&tags=a,b', form);
    const { json } = await db.admin('POST /services/s/plugins', 'name=rate-limiting&config.minute=5', form);
    expect([json.config.minute, (await db.admin('GET /services/s')).json.retries]).toEqual([5, 2]);
  });

  it('refuses a body of another type, and other methods', async () => {
    expect((await db.admin('POST /consumers', 'x', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await db.admin('PUT /consumers', {})).status).toBe(405);
    expect((await db.admin('POST /config', { _format_version: '3.0' })).status).toBe(400);
  });

  it('deletes a consumer with everything of his', async () => {
    await db.admin('POST /consumers', { username: 'ann' });
    for (const kind of ['key-auth', 'jwt']) await db.admin(`POST /consumers/ann/${kind}`, {});
    await db.admin('POST /consumers/ann/acls', { group: 'g' });
    await db.admin('POST /consumers/ann/oauth2', { name: 'app' });
    await db.admin('POST /consumers/ann/plugins', { name: 'request-termination' });
    await db.admin('DELETE /consumers/ann');
    for (const list of ['key-auths', 'jwts', 'acls', 'oauth2', 'plugins'])
      expect((await db.admin(`GET /${list}`)).json.data).toEqual([]);
  });
});

describe('reading', () => {
  it('walks all pages once, with the filter kept', async () => {
    for (let at = 0; at < 7; at += 1)
      await db.admin('POST /consumers', { username: `u${at}`, tags: [at % 2 ? 'odd' : 'even'] });
    const seen: string[] = [];
    let path: string | null = '/consumers?size=2&tags=even';
    while (path) {
      const { json } = await db.admin(`GET ${path}`);
      seen.push(...(json.data as { username: string }[]).map(({ username }) => username));
      path = json.next as string | null;
    }
    expect(seen.sort()).toEqual(['u0', 'u2', 'u4', 'u6']);
  });

  it('refuses mixed tags, empty tags and too many', async () => {
    const refusal = async (tags: string) => (await db.admin(`GET /consumers?tags=${tags}`)).json;
    expect(await refusal('a,b/c')).toMatchObject({
      code: 11,
      message: 'invalid option (tags: invalid filter syntax)',
    });
    expect(await refusal('')).toMatchObject({ code: 11, options: { tags: 'cannot be null' } });
    expect(await refusal('a,b,c,d,e,f')).toMatchObject({
      options: { tags: 'cannot query more than 5 tags' },
    });
  });

  it('shows the service of a route, and what a schema asks for', async () => {
    await db.admin('POST /services', { name: 's', url: 'http://a' });
    await db.admin('POST /services/s/routes', { name: 'r', paths: ['/a'] });
    expect((await db.admin('GET /routes/r/service')).json.name).toBe('s');
    expect((await db.admin('DELETE /routes/r/service')).status).toBe(405);
    const { json } = await db.admin('GET /schemas/plugins/key-auth');
    expect(json.fields.at(-1).config.fields[0].key_names.default).toEqual(['apikey']);
    expect((await db.admin('GET /schemas/plugins/none')).json).toEqual({ message: "No plugin named 'none'" });
  });

  it('says who it is and how it is', async () => {
    expect((await db.admin('GET /')).json).toMatchObject({
      version: '3.9.3',
      configuration: { database: 'postgres' },
    });
    expect((await db.admin('GET /status')).json.database).toEqual({ reachable: true });
  });
});

describe('without a database', () => {
  const load = (body: unknown, query = '') => dbless.admin(`POST /config${query}`, body);
  const hash = async () => (await dbless.admin('GET /status')).json.configuration_hash as string;
  const yaml = '_format_version: "3.0"\nconsumers:\n- username: ann\n  keyauth_credentials:\n  - key: k\n';

  it('a text is loaded once for each change, and its hash is shown', async () => {
    expect((await load({ config: yaml }, '?check_hash=1')).status).toBe(201);
    expect(await hash()).toMatch(/^[0-9a-f]{32}$/);
    expect((await load({ config: yaml }, '?check_hash=1')).status).toBe(304);
    expect(
      (await dbless.admin('POST /config?check_hash=1', yaml, { 'content-type': 'text/yaml' })).status,
    ).toBe(304);
    expect((await load({ config: yaml })).status).toBe(201);
  });

  it('what was exported loads again, to the same ids', async () => {
    await load({ config: yaml });
    const before = (await dbless.admin('GET /consumers/ann')).json;
    const { config } = (await dbless.admin('GET /config')).json as { config: string };
    expect((await load({ config })).status).toBe(201);
    expect((await dbless.admin('GET /consumers/ann')).json.id).toBe(before.id);
    expect((await dbless.admin('GET /key-auths/k/consumer')).json.username).toBe('ann');
  });

  it('names every fault with its entity', async () => {
    const { status, json } = await load(
      {
        _format_version: '3.0',
        services: [
          { name: 's', tags: ['t'], url: 'http://a', routes: [{ name: 'r', paths: ['no'] }] },
          { name: 'b' },
        ],
      },
      '?flatten_errors=1',
    );
    expect(status).toBe(400);
    expect(json.fields).toEqual({});
    expect(json.flattened_errors).toEqual([
      { entity_type: 'route', entity_name: 'r', entity: { name: 'r', paths: ['no'] },
        errors: [{ type: 'field', field: 'paths.1', message: 'should start with: / (fixed path) or ~/ (regex path)' }] },
      { entity_type: 'service', entity_name: 'b', entity: { name: 'b' },
        errors: [{ type: 'field', field: 'host', message: 'required field missing' }] },
    ]); // prettier-ignore
  });

  it('refuses names twice, references to nothing and fields of nobody', async () => {
    const faults = async (config: object) =>
      (await load({ _format_version: '3.0', ...config })).json.fields as unknown;
    expect(await faults({ consumers: [{ username: 'a' }, { username: 'a' }] })).toEqual({
      consumers: [null, "uniqueness violation: 'consumers' entity with username set to 'a' already declared"],
    });
    expect(await faults({ routes: [{ name: 'r', paths: ['/'], service: 'none' }] })).toEqual({
      routes: { r: ["invalid reference 'service: none' (no such entry in 'services')"] },
    });
    expect(await faults({ servicez: [] })).toEqual({ servicez: 'unknown field' });
  });
});
