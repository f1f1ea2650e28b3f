import { describe, expect, it } from '@jest/globals';
import { useResponses } from '../../support/responses.js';
import { caller, keyCaller } from '../../support/service.js';

const PATH = '/v1/responses';

describe('DELETE /v1/responses/{id}', () => {
  const { api, create } = useResponses('delete-response');

  describe('200', () => {
    it('is gone for good', async () => {
      const as = caller();
      const { body } = await create(as, 'Hello.');
      const path = `${PATH}/${body.id}`;
      expect((await api.call('DELETE', path, { as })).body).toEqual({
        id: body.id,
        object: 'response',
        deleted: true,
      });
      expect((await api.get(path, { as })).status).toBe(404);
    });
  });

  describe('403', () => {
    it('a key that may only read may not delete', async () => {
      const { status } = await api.call('DELETE', `${PATH}/resp_x`, { as: keyCaller('responses:read') });
      expect(status).toBe(403);
    });
  });

  describe('404', () => {
    it("another's stays where it is", async () => {
      const ann = caller();
      const { body } = await create(ann, 'Hello.');
      const path = `${PATH}/${body.id}`;
      expect((await api.call('DELETE', path, { as: caller() })).status).toBe(404);
      expect((await api.get(path, { as: ann })).status).toBe(200);
      expect((await api.call('DELETE', `${PATH}/nope`, { as: ann })).status).toBe(404);
    });
  });
});
