import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Answer, call, type Call } from './client.js';

/** The committed document of a service; a test holds the served one to it. */
export function openApiFile(service = 'auth-api'): string {
  return join(process.cwd(), `docs/openapi/${service}.json`);
}

interface Schema {
  readonly [keyword: string]: unknown;
}

interface MediaType {
  readonly schema: Schema;
}

interface DeclaredAnswer {
  readonly content?: Readonly<Record<string, MediaType>>;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly in: 'path' | 'query';
    readonly name: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, MediaType>>;
  };
  readonly responses: Readonly<Record<string, DeclaredAnswer>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One operation with its address. */
export interface Endpoint extends Operation {
  readonly method: string;
  /** With `{id}` where a parameter stands. */
  readonly path: string;
}

export function openApi(service?: string): OpenApi {
  return JSON.parse(readFileSync(openApiFile(service), 'utf8')) as OpenApi;
}

export function endpoints(service?: string): readonly Endpoint[] {
  return Object.entries(openApi(service).paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** The schema of an operation's JSON body with references replaced; undefined when it takes none. */
export function bodySchema(
  operation: Operation,
): (Schema & { properties: Record<string, Schema> }) | undefined {
  const reference = operation.requestBody?.content['application/json']?.schema['$ref'];
  if (typeof reference !== 'string') return undefined;
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return openApi().components.schemas[name] as Schema & { properties: Record<string, Schema> };
}

/**
 * Holds answers to the OpenAPI document: an undeclared status, content type, field or problem type fails, and so does a
 * header that is missing, whether the document or the kind of answer asks for it, or not as declared.
 */
class Contract {
  private readonly ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  private readonly routes: readonly { readonly endpoint: Endpoint; readonly pattern: RegExp }[];
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(service: string | undefined) {
    const { schemas } = openApi(service).components;
    this.ajv.addSchema({ $id: 'openapi', components: { schemas: closed(schemas) } });
    this.routes = endpoints(service)
      .map((endpoint) => ({ endpoint, pattern: patternOf(endpoint.path) }))
      .sort((a, b) => a.endpoint.path.split('{').length - b.endpoint.path.split('{').length);
  }

  /** @throws {Error} naming what differs */
  check(method: string, path: string, answer: Answer): void {
    const pathname = (path.split('?', 1)[0] ?? '').replace(/^\/llm(?=\/auth)/, '');
    const route = this.routes.find(
      ({ endpoint, pattern }) => endpoint.method === method && pattern.test(pathname),
    );
    const endpoint = NEVER_ARRIVED.includes(answer.status) ? undefined : route?.endpoint;
    const faults = [...this.headerFaults(answer), ...this.answerFaults(endpoint, answer)];
    if (faults.length === 0) return;
    const said = JSON.stringify(answer.body)?.slice(0, 500);
    throw new Error(
      `${method} ${path.slice(0, 100)} answered ${answer.status} ${said}, but ${faults.join('; ')}`,
    );
  }

  private answerFaults(endpoint: Endpoint | undefined, answer: Answer): string[] {
    const { status, headers, body } = answer;
    const contentType = headers.get('content-type')?.split(';')[0] ?? '';
    if (endpoint === undefined) {
      if (status < 400) return ['no operation of the document has this address and method'];
      return [
        ...this.schemaFaults('problem', PROBLEM, body),
        ...mismatch('content type', contentType, PROBLEM_JSON),
      ];
    }
    const declared = endpoint.responses[String(status)];
    if (declared === undefined) return [`status ${status} is not declared for ${endpoint.operationId}`];
    const faults = this.declaredHeaderFaults(declared, headers);
    if (declared.content === undefined)
      return body === undefined ? faults : [...faults, 'no body is declared'];
    const media = declared.content[contentType];
    if (media === undefined) return [...faults, `content type "${contentType}" is not declared`];
    return [
      ...faults,
      ...this.schemaFaults(`${endpoint.operationId} ${status} ${contentType}`, media.schema, body),
    ];
  }

  private declaredHeaderFaults({ headers: declared = {} }: DeclaredAnswer, headers: Headers): string[] {
    return Object.entries(declared).flatMap(([name, { required = false, schema }]) => {
      const value = headers.get(name);
      if (value === null) return required ? [`header ${name} is missing`] : [];
      return this.schemaFaults(`header ${name} ${JSON.stringify(schema)}`, schema, value);
    });
  }

  private headerFaults({ status, headers, body }: Answer): string[] {
    const wanted = ['x-request-id', 'x-content-type-options', ...(HEADERS[status] ?? [])];
    const missing = wanted.filter((name) => !headers.has(name)).map((name) => `header ${name} is missing`);
    // What another protocol says on top of HTTP, such as JSON-RPC, is held to its declared schema alone.
    if (status < 400 || !headers.get('content-type')?.startsWith(PROBLEM_JSON)) return missing;
    return [
      ...missing,
      ...mismatch('status of the problem', body?.status, status),
      ...mismatch('request_id', body?.request_id, headers.get('x-request-id')),
    ];
  }

  private schemaFaults(name: string, schema: Schema, found: unknown): string[] {
    const validate = this.validators.get(name) ?? this.ajv.compile(absolute(schema) as Schema);
    this.validators.set(name, validate);
    if (validate(found)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) =>
        `${instancePath || name} ${message} ${JSON.stringify(params)}`,
    );
  }
}

const PROBLEM_JSON = 'application/problem+json';
const PROBLEM: Schema = { $ref: '#/components/schemas/ProblemDto' };

/** RFC 9110 §15.5.2 and §15.5.6; DESIGN.md for Retry-After. */
const HEADERS: Readonly<Record<number, readonly string[]>> = {
  401: ['www-authenticate'],
  405: ['allow'],
  429: ['retry-after'],
  503: ['retry-after'],
};

/** Refused by Node before there was a request, so by no operation. */
const NEVER_ARRIVED: readonly number[] = [408, 431];

const contracts = new Map<string | undefined, Contract>();

/** `call`, whose answer must be one that the OpenAPI document declares. */
export async function checkedCall(
  base: string,
  method: string,
  path: string,
  options?: Call,
): Promise<Answer> {
  const answer = await call(base, method, path, options);
  checkAnswer(method, path, answer);
  return answer;
}

/** @throws {Error} the OpenAPI document of the service (auth-api if not said) does not declare this answer */
export function checkAnswer(method: string, path: string, answer: Answer, service?: string): void {
  const contract = contracts.get(service) ?? new Contract(service);
  contracts.set(service, contract);
  contract.check(method, path, answer);
}

function mismatch(what: string, found: unknown, wanted: unknown): string[] {
  return found === wanted ? [] : [`${what} is ${String(found)} and not ${String(wanted)}`];
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]*')}$`);
}

/** No field beyond the declared ones, but for problems, which may have members of their own (RFC 9457 §3.2). */
function closed(schemas: OpenApi['components']['schemas']): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { ...(name === 'ProblemDto' ? {} : { additionalProperties: false }), ...(absolute(schema) as Schema) },
    ]),
  );
}

/** OpenAPI 3.0 as JSON Schema: references point into `openapi`, `nullable` becomes a type. */
function absolute(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(absolute);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = schema as Schema & { nullable?: boolean };
  const plain = Object.fromEntries(
    Object.entries(rest).map(([keyword, value]) => [
      keyword,
      keyword === '$ref' ? `openapi${String(value)}` : absolute(value),
    ]),
  );
  return nullable === true ? { anyOf: [plain, { type: 'null' }] } : plain;
}
