import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { errorCode, StackFailure } from './failure.js';

const LISTENING = '0A';

/** A port nobody holds at this moment (loopback). Whoever binds it soon gets it: nothing is reserved. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** A port from a setting; 0 means choose a free one. */
export async function choosePort(port: number): Promise<number> {
  return port === 0 ? freePort() : port;
}

/**
 * Refuses early, and with a name, what would otherwise fail inside some part's log.
 *
 * @throws {StackFailure} somebody listens there, or we may not
 */
export async function requireFreePort(port: number, what: string, setting: string): Promise<void> {
  const code = await tryPort(port);
  if (code === undefined) return;
  const advice = `stop what holds it, or choose another port: ${setting}=… make up`;
  if (code === 'EACCES') throw new StackFailure({ reason: `port ${port} (${what}) needs root`, advice });
  const holder = holderOfPort(port);
  throw new StackFailure({
    reason: `port ${port} (${what}) is taken${holder ? ` by ${holder}` : ''}`,
    advice,
  });
}

/** Inodes of the sockets listening on a port, from the text of /proc/net/tcp or tcp6. */
export function parseListeners(table: string, port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTENING)
    .flatMap((fields) => fields[9] ?? []);
}

/** `pid 4711 (java)` if /proc tells; other people's processes stay unknown to those who are not root. */
function holderOfPort(port: number): string | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    parseListeners(readOr(file, ''), port),
  );
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return undefined;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const pid = pids.find((name) => openFiles(name).some((link) => links.has(link)));
  return pid && `pid ${pid} (${readOr(`/proc/${pid}/comm`, '?').trim()})`;
}

/** Both families: another's listener on ::1 alone would take half of our visitors at `localhost`. */
async function tryPort(port: number): Promise<string | undefined> {
  if (await answers(port, '::1')) return 'EADDRINUSE';
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error) ?? 'UNKNOWN'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function openFiles(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOr(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // another's process, or one that ended meanwhile
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise; // no /proc here
  }
}
