import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOAD = fileURLToPath(new URL('./load.mjs', import.meta.url));

/**
 * @typedef {{ method: string, path: string, headers?: Record<string, string>, body?: string }} Request
 *
 * @typedef {object} Load what to send to whom
 * @property {string} url
 * @property {Request[][]} connections for each connection its requests, sent one by one, round and round
 * @property {number} steps this many requests in a row count as one
 * @property {number} seconds
 *
 * @typedef {object} Offered what came of it
 * @property {number} count
 * @property {number} perSecond
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 * @property {Record<string, number>} statuses how many answers of each
 */

/**
 * Offers load from a process of its own.
 *
 * @param {Load} load
 * @returns {Promise<Offered>}
 * @throws {Error} a connection failed, or an answer did not come
 */
export function offer(load) {
  return new Promise((resolve, reject) => {
    const child = fork(LOAD, [], { serialization: 'advanced' });
    child.once('message', ({ latencies, statuses, took, failed }) => {
      if (failed > 0) return reject(new Error(`${failed} requests to ${load.url} had no answer`));
      latencies.sort();
      const count = latencies.length;
      const at = (share) => latencies[Math.min(count - 1, Math.floor(count * share))];
      resolve({ count, perSecond: count / took, p50: at(0.5), p99: at(0.99), statuses });
    });
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)));
    child.send(load);
  });
}
