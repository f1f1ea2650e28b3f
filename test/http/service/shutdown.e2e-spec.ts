import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, type RunningAuthApi, startAuthApi } from '../../support/auth-api.js';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

let api: RunningAuthApi | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api?.kill();
});

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

describe('SIGTERM', () => {
  it('lets a request under way be answered, and waits for nobody who never asks', async () => {
    api = await startAuthApi('shutdown');
    await open(api.url);
    await open(api.internalUrl);
    const asking = await open(api.url);
    const body = JSON.stringify({ refresh_token: 'none' });
    asking.write(
      `POST /auth/refresh-token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    let answer = '';
    asking.on('data', (chunk) => (answer += String(chunk)));
    await eventually(() => answer === CONTINUE, 'the head has arrived');
    const gone = once(api.process, 'exit');

    api.process.kill('SIGTERM');
    await eventually(
      () =>
        fetch(`${api?.url}/healthz`).then(
          () => false,
          () => true,
        ),
      'it takes nobody new',
    );
    asking.write(body);

    await eventually(() => answer.includes('\r\n\r\n{'), 'it is answered');
    expect(answer.slice(CONTINUE.length)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await gone).toEqual([null, 'SIGTERM']);
  }, 30_000);
});
