import { describe, expect, it } from '@jest/globals';
import { useMcp } from '../../support/mcp.js';
import { caller } from '../../support/service.js';

describe('GET /mcp', () => {
  const mcp = useMcp('open-mcp-stream');

  describe('405', () => {
    it('says that POST is all there is, as JSON-RPC does', async () => {
      const headers = { accept: 'text/event-stream', 'mcp-session-id': 'none' };
      const answer = await mcp.call('GET', '/mcp', { as: caller(), headers });
      expect(answer).toMatchObject({ status: 405, body: { jsonrpc: '2.0', error: { code: -32000 } } });
      expect(answer.headers.get('allow')).toBe('POST');
    });
  });

  describe('401', () => {
    it('and says even that to nobody who is not known', async () => {
      expect((await mcp.call('GET', '/mcp')).status).toBe(401);
    });
  });
});
