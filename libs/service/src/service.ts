import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DynamicModule, Type } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type MoreMembers, type Problem, ProblemFilter } from '#problem';
import { logRequests, NestLogger, requestId, startDefaultMetrics } from '#telemetry';
import { readJsonObjects } from './body.js';
import { describeCaller } from './edge-access.js';
import { refuseOtherMethods } from './methods.js';
import { openApiDocument, type OpenApiOptions, type SchemaObject, serveOpenApi } from './openapi.js';
import { InternalPort } from './ports.js';
import { serveProblemPages } from './problem-pages.js';
import { answerUnreadable, answerUnroutable } from './unreadable.js';
import { inputPipe } from './validation.js';

/** Where a service says nothing: the gateway's batches of usage are the largest, at about 100 kB. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** Node's own limit: a parameter of any length that gets here is judged by its endpoint. */
const MAX_HEAD_BYTES = 16 * 1024;

/** Longer than any request of ours takes, and shorter than what supervisors wait before they kill. */
const DRAIN_MS = 8000;

/** What differs from service to service; everything else is the same for all of them. */
export interface ServiceOptions {
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly logger: Logger;
  readonly openApi: OpenApiOptions;
  /** Addresses or networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Routes beside the probes that are asked all the time and logged only when they fail. */
  readonly quiet?: readonly string[];
  /** Longest JSON body; 256 kB if not said. */
  readonly bodyLimitBytes?: number;
  /** Sets up what Nest has no word for, such as other kinds of body; runs before any route exists. */
  readonly prepare?: (server: FastifyInstance) => void;
  readonly problemMembers?: ProblemMembers;
  /** Another address for the same thing, such as /llm/auth for /auth. */
  readonly rewritePath?: (url: string) => string;
  /** Runs around every request, for example to set a deadline. */
  readonly around?: (proceed: () => void) => void;
}

/** What all failures of a service say beside the members of RFC 9457, and how OpenAPI describes it. */
export interface ProblemMembers {
  readonly of: MoreMembers;
  readonly schema: Readonly<Record<string, SchemaObject>>;
}

export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly port: number;
  readonly internalPort: number;
}

/** Builds the service without listening: what tests and generators use. */
export async function createService(options: ServiceOptions): Promise<NestFastifyApplication> {
  const { logger, name } = options;
  const adapter = new FastifyAdapter({
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    routerOptions: { maxParamLength: MAX_HEAD_BYTES },
    rewriteUrl: ({ url = '/' }) => options.rewritePath?.(url) ?? url,
    frameworkErrors: answerUnroutable(options.problemMembers?.of),
    clientErrorHandler: answerUnreadable(options.problemMembers?.of),
    // Who is connected while we end is answered as always; Fastify's own 503 is no problem by RFC 9457.
    return503OnClosing: false,
  });
  const server: FastifyInstance = adapter.getInstance();
  prepare(server, options);
  const app = await NestFactory.create<NestFastifyApplication>(options.module as Type, adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalPipes(inputPipe());
  app.useGlobalFilters(
    new ProblemFilter((problem, { id }) => logProblem(logger, problem, id), options.problemMembers?.of),
  );
  serveProblemPages(server);
  serveOpenApi(app, openApiOf(app, options));
  logger.debug({ name }, 'service built');
  return app;
}

/** The OpenAPI document of a built service. */
export function openApiOf(
  app: NestFastifyApplication,
  { openApi, problemMembers }: ServiceOptions,
): OpenAPIObject {
  return openApiDocument(app, openApi, problemMembers?.schema);
}

/**
 * Starts a built service on its two ports; SIGTERM and SIGINT end it after the requests under way. A connection on which
 * nothing was ever sent counts as one for Node, and would hold the end up for a minute: hence the deadline.
 */
export async function startService(
  options: ServiceOptions & { readonly host: string; readonly port: number; readonly internalPort: number },
): Promise<RunningService> {
  startDefaultMetrics(options.name);
  const app = await createService(options);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  const internal = new InternalPort(server);
  server.addHook('preClose', (done) => {
    const cut = () => [server.server, internal.server].forEach((one) => one.closeAllConnections());
    setTimeout(cut, DRAIN_MS).unref();
    done();
  });
  server.addHook('onClose', () => internal.close());
  await app.listen(options.port, options.host);
  const internalPort = await internal.listen(options.internalPort, options.host);
  const port = (server.server.address() as { port: number }).port;
  options.logger.info({ port, internal_port: internalPort }, `${options.name} listens`);
  return { app, port, internalPort };
}

const PROBES = ['/healthz', '/readyz', '/health/auth', '/metrics'];

function prepare(server: FastifyInstance, { logger, quiet = [], around, prepare }: ServiceOptions): void {
  logRequests(server, logger, { quiet: [...PROBES, ...quiet], describeCaller });
  server.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    if (around === undefined) done();
    else around(done);
  });
  refuseOtherMethods(server);
  readJsonObjects(server);
  prepare?.(server);
}

/** What the caller got wrong is worth a debug line; what we got wrong, or a far system, is worth its cause. */
function logProblem(logger: Logger, problem: Problem, id: unknown): void {
  const entry = {
    request_id: id,
    type: problem.type,
    reason: problem.extensions['reason'],
    err: problem.cause,
  };
  if (problem.status >= 500) logger.error(entry, problem.detail);
  else logger.debug(entry, problem.detail);
}
