import type { Exchange } from './exchange.js';

/** The whole body, for plugins that look into it; it is sent on as it was read. */
export async function readBody(exchange: Exchange): Promise<Buffer> {
  if (exchange.body) return exchange.body;
  if (exchange.expectsContinue) exchange.response.writeContinue();
  const chunks: Buffer[] = [];
  for await (const chunk of exchange.request) chunks.push(chunk as Buffer);
  return (exchange.body = Buffer.concat(chunks));
}
