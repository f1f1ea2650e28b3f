import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../support/auth-api.js';
import { sameButForRequestId } from '../../support/client.js';
import { useResponses } from '../../support/responses.js';
import { caller, keyCaller } from '../../support/service.js';

const PATH = '/v1/responses';

describe('GET /v1/responses/{id}', () => {
  const { api, create, databaseUrl } = useResponses('get-response');

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: databaseUrl() });
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  const uuidOf = (id: string) => id.replace(/^resp_/, '');

  describe('200', () => {
    it('is there for its owner, also as a registered person who made it as a guest, and for a key that may read', async () => {
      const id = randomUUID();
      const { body } = await create(caller({ guest: true }, id), 'Hello.');
      const reader = caller({ amr: ['apikey'], scope: 'responses:read' }, id);
      for (const as of [caller({ guest: true }, id), caller({}, id), reader])
        expect((await api.get(`${PATH}/${body.id}`, { as })).body).toEqual(body);
    });
  });

  describe('403', () => {
    it('a key without the scope may not read', async () => {
      expect((await api.get(`${PATH}/resp_${'0'.repeat(32)}`, { as: keyCaller('llm') })).status).toBe(403);
    });
  });

  describe('404', () => {
    it("answers the same for another's response, for none, and for what is no id", async () => {
      const { body } = await create(caller(), 'Hello.');
      const as = caller();
      const ids = [body.id, `resp_${'0'.repeat(32)}`, 'nope', `${body.id}0`, "' OR 1=1 --"];
      const answers = await Promise.all(
        ids.map((id) => api.get(`${PATH}/${encodeURIComponent(id)}`, { as })),
      );
      expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 404));
      const told = answers.map(({ headers, ...rest }) => {
        const kept = new Headers([...headers].filter(([name]) => name !== 'x-principal-id'));
        return { ...rest, headers: kept };
      });
      expect(sameButForRequestId(told)).toBe(true);
    });

    it('answers so once its time is over, and then it is deleted for good', async () => {
      const as = caller();
      const { body } = await create(as, 'Hello.');
      const path = `${PATH}/${body.id}`;
      await sql(`UPDATE responses SET expires_at = now() - interval '1 second' WHERE id = $1`, [
        uuidOf(body.id),
      ]);
      expect((await api.get(path, { as })).status).toBe(404);
      const other = (await create(as, 'Another.')).body;
      await sql(`SELECT graphile_worker.add_job('responses.prune')`);
      const ids = async () =>
        (await sql('SELECT id FROM responses WHERE owner_id = $1', [as.id])).map((row) => row['id']);
      await eventually(async () => (await ids()).length === 1, 'the expired one is deleted');
      expect((await api.get(`${PATH}/${other.id}`, { as })).status).toBe(200);
    });

    it('does not answer so for the beginning of a conversation that goes on', async () => {
      const as = caller();
      const first = (await create(as, 'One.')).body;
      const soon = `UPDATE responses SET expires_at = now() + interval '1 hour' WHERE id = $1`;
      await sql(soon, [uuidOf(first.id)]);
      await create(as, 'Two.', { previous_response_id: first.id });
      const [row] = await sql(
        `SELECT expires_at > now() + interval '29 days' AS long FROM responses WHERE id = $1`,
        [uuidOf(first.id)],
      );
      expect(row).toEqual({ long: true });
    });
  });
});
