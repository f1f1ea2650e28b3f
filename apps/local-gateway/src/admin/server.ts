import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Refusal } from '../entities/errors.js';
import type { Gateway } from '../gateway.js';
import { type Answer, NOT_ALLOWED, NOT_FOUND, ok, send } from './answer.js';
import { readBody, Unreadable } from './body.js';
import { configuration } from './configuration.js';
import { type AdminCall, callResource } from './endpoints.js';
import { describe, readiness, schemas, status, tags } from './information.js';
import { findResource } from './resources.js';

/** The Admin API: entities, configuration, and what the plugins add to it. */
export function createAdminServer(gateway: Gateway): Server {
  return createServer((request, response) => {
    void respond(gateway, request, response);
  });
}

async function respond(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const since = Date.now();
  let answer: Answer;
  try {
    answer = await answerTo(gateway, request);
  } catch (error) {
    answer = failure(gateway, error);
  }
  send(response, answer, since, request.method === 'HEAD');
}

function failure(gateway: Gateway, error: unknown): Answer {
  if (error instanceof Refusal) return { status: error.status, body: error.error };
  if (error instanceof Unreadable) return error.answer;
  gateway.log.error({ err: error }, 'admin api');
  return { status: 500, body: { message: 'An unexpected error occurred' } };
}

async function answerTo(gateway: Gateway, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://admin');
  let path: string[];
  try {
    path = url.pathname.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return { status: 400, body: { message: 'Bad request' } };
  }
  while (path.length > 0 && path.at(-1) === '') path.pop();
  const body = await readBody(request, path[0] === 'config');
  const call: AdminCall = { method: request.method ?? 'GET', path, query: url.searchParams, body };
  if (call.method === 'OPTIONS')
    return { status: 204, headers: { Allow: 'GET, HEAD, OPTIONS, PATCH, POST, PUT, DELETE' } };
  return (await gateway.lua?.answerAdmin(call, request)) ?? builtIn(gateway, call);
}

function builtIn(gateway: Gateway, call: AdminCall): Answer {
  const resource = findResource(call.path);
  if (resource) return callResource(gateway.dao, resource, call);
  const isRead = call.method === 'GET' || call.method === 'HEAD';
  const read = (answer: () => Answer) => (isRead ? answer() : NOT_ALLOWED);
  switch (call.path[0]) {
    case undefined:
      return read(() => describe(gateway));
    case 'status':
      return read(() => (call.path[1] === 'ready' ? readiness(gateway) : status(gateway)));
    case 'config':
      return configuration(gateway, call);
    case 'schemas':
      return schemas(gateway.dao, call);
    case 'tags':
      return tags(gateway.dao, call);
    case 'cache':
      return cache(gateway, call);
    case 'plugins-enabled':
    case 'endpoints':
      return NOT_FOUND;
    case 'metrics':
      return read(() => ({
        status: 200,
        body: gateway.metrics(),
        headers: { 'Content-Type': 'text/plain; charset=UTF-8' },
      }));
    default:
      return NOT_FOUND;
  }
}

function cache(gateway: Gateway, { method, path }: AdminCall): Answer {
  const [, key, more] = path;
  if (more !== undefined) return NOT_FOUND;
  if (key === undefined) {
    if (method !== 'DELETE') return NOT_ALLOWED;
    gateway.purgeCaches();
    return { status: 204 };
  }
  if (method === 'DELETE') {
    gateway.cache.invalidate(key);
    gateway.coreCache.invalidate(key);
    return { status: 204 };
  }
  if (method !== 'GET') return NOT_ALLOWED;
  const entry = gateway.cache.probe(key) ?? gateway.coreCache.probe(key);
  if (!entry) return NOT_FOUND;
  const value = gateway.lua?.toJson(entry.value) ?? entry.value;
  return ok(typeof value === 'object' && value !== null ? value : { message: value ?? null });
}
