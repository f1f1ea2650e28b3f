import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSettings } from '#config';
import { SETTINGS } from '../../../apps/local-gateway/src/settings.js';
import { start } from '../../../apps/local-gateway/src/start.js';

export const CONTRACT_FOLDER = join(import.meta.dirname, '../../../../shared/kong-contract');
export const hasContract = existsSync(CONTRACT_FOLDER);
export const FIXTURES = join(import.meta.dirname, 'fixtures/plugins');

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- an answer of any shape, looked into by assertions
  readonly json: any;
}
type Ask = (line: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

export interface TestGateway {
  readonly adminUrl: string;
  readonly proxyUrl: string;
  readonly admin: Ask;
  readonly proxy: Ask;
  readonly close: () => void;
}

/** A gateway on free ports; without plugins of ours unless a folder is given. */
export async function startGateway(mode: 'db' | 'dbless' = 'db', pluginsPath?: string): Promise<TestGateway> {
  const settings = parseSettings(SETTINGS, {
    GATEWAY_PROXY_PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    GATEWAY_MODE: mode,
    GATEWAY_PLUGINS_PATH: pluginsPath ?? mkdtempSync(join(tmpdir(), 'no-plugins-')),
    GATEWAY_LOG_LEVEL: 'silent',
  });
  const { ports, close } = await start(settings);
  return { ...at(`http://127.0.0.1:${ports.admin_port}`, `http://127.0.0.1:${ports.proxy_port}`), close };
}

/** The gateway that `KONG_ADMIN_URL` and `GATEWAY_URL` name, if they do. */
export function givenGateway(): TestGateway | undefined {
  const { KONG_ADMIN_URL: admin, GATEWAY_URL: proxy } = process.env;
  return admin && proxy ? { ...at(admin, proxy), close: () => undefined } : undefined;
}

function at(adminUrl: string, proxyUrl: string) {
  return { adminUrl, proxyUrl, admin: asker(adminUrl), proxy: asker(proxyUrl) };
}

const asker =
  (base: string): Ask =>
  (line, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const [method = 'GET', path = '/'] = line.split(' ');
      const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const type =
        payload === undefined || 'content-type' in headers ? {} : { 'content-type': 'application/json' };
      const length = payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) };
      const sent = httpRequest(new URL(path, base), {
        method,
        agent: false,
        headers: { ...type, ...length, ...headers },
      });
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
        });
      });
      sent.on('error', reject);
      sent.end(payload);
    });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Until it holds. @throws after five seconds */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still not so: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
