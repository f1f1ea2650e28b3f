import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { newClient, newEmail, withKongThatTakesAll } from '../../support/registered-client.js';

const NOWHERE = 'http://127.0.0.1:1';

describe('POST /register with a Kong', () => {
  const api = useAuthApi('register-with-kong', { KONG_ADMIN_URLS: NOWHERE });
  const register = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    api.post('/register', { body, headers });

  describe('201', () => {
    it('is the answer when Kong has the key', async () => {
      const [email, headers] = [newEmail(), { 'idempotency-key': randomUUID() }];
      await withKongThatTakesAll(api, async () => {
        const { status, body } = await register({ client_name: 'x', email }, headers);
        expect({ status, active: body.active }).toEqual({ status: 201, active: true });
        expect((await register({ client_name: 'x', email }, headers)).body).toEqual(body);
      });
    });
  });

  describe('202', () => {
    it('is the answer after 3 s when Kong does not take it, with the same body but for active', async () => {
      const [body, headers] = [{ client_name: 'x', email: newEmail() }, { 'idempotency-key': randomUUID() }];
      const pending = await register(body, headers);
      expect({ status: pending.status, active: pending.body.active }).toEqual({ status: 202, active: false });
      await withKongThatTakesAll(api, async () => {
        const active = await register(body, headers);
        expect({ status: active.status, body: active.body }).toEqual({
          status: 201,
          body: { ...pending.body, active: true },
        });
      });
    });
  });
});

describe('POST /register', () => {
  const api = useAuthApi('register', { PUBLIC_URL: 'https://gateway.example.com/' });
  const register = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    api.post('/register', { body, headers });
  const countOf = async (email: string) => {
    const [row] = await api.sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM consumers WHERE lower(custom_id) = lower($1)',
      [email],
    );
    return row?.n;
  };

  describe('202', () => {
    it('shows who the client is, its key this once, and where and how to use it', async () => {
      const email = newEmail();
      const { status, headers, body } = await register({ client_name: ' Demo App ', email });
      expect(status).toBe(202);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        success: true,
        consumer_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        username: expect.stringMatching(/^demo-app-[0-9a-f]{10}$/),
        apikey: expect.stringMatching(/^[\w-]{43}$/),
        proxy_url: 'https://gateway.example.com/api/',
        message: 'Use apikey in header: apikey: <key>',
        active: false,
      });
    });

    it('makes a consumer for kong-sync: the e-mail in lower case, group registered, the key encrypted', async () => {
      const email = newEmail();
      const { body } = await register({ client_name: 'x', email: email.toUpperCase() });
      const [consumer] = await api.sql(
        'SELECT origin, username, custom_id, tags, groups, limits FROM consumers WHERE id = $1',
        [body.consumer_id],
      );
      expect(consumer).toEqual({
        origin: 'registration',
        username: body.username,
        custom_id: email,
        tags: ['client'],
        groups: ['registered'],
        limits: null,
      });
      const dump = await api.sql(
        `SELECT to_jsonb(c) AS row FROM consumer_credentials c WHERE consumer_id = $1
         UNION ALL SELECT to_jsonb(r) FROM registrations r`,
        [body.consumer_id],
      );
      expect(dump).toHaveLength(1);
      const sealed = Buffer.from((dump[0]?.['row'] as { sealed: string }).sealed.replace(/^\\x/, ''), 'hex');
      expect(sealed.includes(body.apikey)).toBe(false);
      expect(JSON.stringify(dump)).not.toContain(body.apikey);
    });

    it.each([
      ['unicode in the e-mail', { client_name: 'x' }, (email: string) => `jos\u00e9-${email}`],
      ['blanks around both', { client_name: '  x  ' }, (email: string) => `  ${email}\t`],
      ['a name in another script', { client_name: '\u6f22\u5b57 \u{1f600}' }, (email: string) => email],
      ['a name of 100 characters', { client_name: '\u{1f600}'.repeat(100) }, (email: string) => email],
      ['a name that is reserved', { client_name: 'kong' }, (email: string) => email],
    ])('takes %s', async (_what, body, typed) => {
      const { status, body: answer } = await register({ ...body, email: typed(newEmail()) });
      expect(status).toBe(202);
      expect(answer.username).toMatch(/^(x|client|client-kong)-[0-9a-f]{10}$/);
    });

    it('is on record without the key and the e-mail, and no log line has either', async () => {
      const { id, username, email, key } = await newClient(api);
      await register({ client_name: 'x', email });
      expect(
        await api.sql('SELECT action, actor, details FROM audit_events WHERE target = $1', [
          `consumer:${id}`,
        ]),
      ).toEqual([{ action: 'consumer.registered', actor: null, details: { username } }]);
      expect(api.process.output()).not.toContain(email);
      expect(api.process.output()).not.toContain(key);
    });
  });

  describe('202 with an Idempotency-Key', () => {
    it('the same request is answered the same, the key too, however the e-mail is typed', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const email = newEmail();
      const first = await register({ client_name: 'x', email }, headers);
      const again = await register({ client_name: ' x ', email: email.toUpperCase() }, headers);
      expect({ status: again.status, body: again.body }).toEqual({ status: 202, body: first.body });
      expect(again.headers.get('cache-control')).toBe('no-store');
      expect(await countOf(email)).toBe(1);
    });

    it('ten of them at once make one client, and each is told its key', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const email = newEmail();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => register({ client_name: 'x', email }, headers)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202));
      expect(new Set(answers.map(({ body }) => body.apikey)).size).toBe(1);
      expect(await countOf(email)).toBe(1);
    });

    it('a refused request uses it up for nothing', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const { email } = await newClient(api);
      expect((await register({ client_name: 'x', email }, headers)).status).toBe(409);
      expect((await register({ client_name: 'x', email: newEmail() }, headers)).status).toBe(202);
    });

    it('after 24 hours it is new again', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const first = await register({ client_name: 'x', email: newEmail() }, headers);
      await api.sql(
        `UPDATE registrations SET created_at = now() - interval '24 hours 1 second' WHERE consumer_id = $1`,
        [first.body.consumer_id],
      );
      const second = await register({ client_name: 'y', email: newEmail() }, headers);
      expect(second.status).toBe(202);
      expect(second.body.consumer_id).not.toBe(first.body.consumer_id);
    });
  });

  describe('400', () => {
    const email = 'anne@example.com';

    it.each([
      [{ email }, 'client_name', 'must be given'],
      [{ client_name: 'x' }, 'email', 'must be given'],
      [{ client_name: '   ', email }, 'client_name', 'must not be empty'],
      [{ client_name: 'x'.repeat(101), email }, 'client_name', 'must have at most 100 characters'],
      [{ client_name: 'a\u0000b', email }, 'client_name', 'must not contain control characters'],
      [{ client_name: 'a\u001b[31mb', email }, 'client_name', 'must not contain control characters'],
      [{ client_name: 'line\nbreak', email }, 'client_name', 'must not contain control characters'],
      [{ client_name: 'half \ud800', email }, 'client_name', 'must not contain half of a surrogate pair'],
      [{ client_name: 5, email }, 'client_name', 'must be text'],
      [{ client_name: 'x', email: 'anne' }, 'email', expect.stringContaining('must be an e-mail address')],
      [{ client_name: 'x', email: 'anne@@x.de' }, 'email', expect.stringContaining('e-mail')],
      [{ client_name: 'x', email: 'an ne@example.com' }, 'email', expect.stringContaining('e-mail')],
      [{ client_name: 'x', email: 'a\u0000@example.com' }, 'email', 'must not contain control characters'],
      [{ client_name: 'x', email: `${'a'.repeat(250)}@x.de` }, 'email', 'must have at most 254 characters'],
      [{ client_name: 'x', email: null }, 'email', 'must be text'],
      [{ client_name: 'x', email, admin: true }, 'admin', 'is not a field of this request'],
    ])('%j is refused at its field', async (body, field, detail) => {
      const answer = await register(body);
      expect({ status: answer.status, errors: answer.body.errors }).toEqual({
        status: 400,
        errors: [{ field, detail }],
      });
    });

    it.each(['short', 'x'.repeat(256), 'with blanks in between', 'not-ascii-\u00e9-not-ascii'])(
      'an Idempotency-Key that can be guessed or is none: %s',
      async (key) => {
        const answer = await register({ client_name: 'x', email: newEmail() }, { 'idempotency-key': key });
        expect({ status: answer.status, errors: answer.body.errors }).toEqual({
          status: 400,
          errors: [{ field: 'Idempotency-Key', detail: 'must be 16 to 255 visible ASCII characters' }],
        });
      },
    );
  });

  describe('409', () => {
    it('a known e-mail is refused, whatever its case', async () => {
      const { email } = await newClient(api);
      for (const typed of [email, email.toUpperCase(), ` ${email} `]) {
        const { status, body } = await register({ client_name: 'another', email: typed });
        expect({ status, type: body.type }).toEqual({
          status: 409,
          type: '/docs/problems/consumers/email-registered',
        });
        expect(JSON.stringify(body)).not.toContain(email);
      }
      expect(await countOf(email)).toBe(1);
    });

    it('of 30 registrations at once with one e-mail exactly one is made', async () => {
      const email = newEmail();
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          register({ client_name: `client ${i}`, email: i % 2 === 0 ? email : email.toUpperCase() }),
        ),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([202, ...Array.from({ length: 29 }, () => 409)]);
      expect(await countOf(email)).toBe(1);
    });

    it('a repeated request whose client has another key by now, or none, is told so', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const [body, headers] = [{ client_name: 'x', email: newEmail() }, { 'idempotency-key': randomUUID() }];
      const { body: client } = await register(body, headers);
      const expectEnded = async () => {
        const { status, body: problem } = await register(body, headers);
        expect({ status, type: problem.type }).toEqual({
          status: 409,
          type: '/docs/problems/consumers/registration-ended',
        });
      };
      await api.post(`/consumers/${client.consumer_id}/keys`, { token });
      await expectEnded();
      await api.call('DELETE', `/consumers/${client.consumer_id}`, { token });
      await expectEnded();
      expect((await register(body)).status).toBe(202);
    });
  });

  describe('422', () => {
    it('an Idempotency-Key stands for one request', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const email = newEmail();
      await register({ client_name: 'x', email }, headers);
      for (const other of [
        { client_name: 'y', email },
        { client_name: 'x', email: newEmail() },
      ]) {
        const { status, body } = await register(other, headers);
        expect({ status, type: body.type }).toEqual({
          status: 422,
          type: '/docs/problems/consumers/idempotency-key-reused',
        });
      }
    });
  });
});

describe('POST /register under the limits of production', () => {
  const api = useAuthApi('register-limits', { LIMITS_PROFILE: 'production' });

  describe('429', () => {
    it('bounds the registrations of one address, refused ones too, and says when to come back', async () => {
      const { email } = await newClient(api);
      const answers = [];
      for (let i = 0; i < 10; i++)
        answers.push(await api.post('/register', { body: { client_name: 'x', email } }));
      expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 9 }, () => 409), 429]);
      expect(Number(answers[9]?.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });
});
