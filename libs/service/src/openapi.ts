import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import {
  type AnyProblem,
  BodyTooLarge,
  InternalError,
  MalformedRequest,
  mergeProblemResponses,
  MethodNotAllowed,
  NotFound,
  ProblemDto,
  type ProblemResponse,
  problemResponse,
  UnsupportedMediaType,
  ValidationFailed,
} from '#problem';

export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly serverUrl: string;
  /** Adds the security schemes that operations name. */
  readonly security: (builder: DocumentBuilder) => DocumentBuilder;
  /** Problems of all operations, and of those that name a security scheme. */
  readonly problems: {
    readonly all: readonly AnyProblem[];
    readonly byScheme: Readonly<Record<string, readonly AnyProblem[]>>;
  };
}

/** A schema as the document has it. */
export type SchemaObject = Exclude<
  NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string],
  { $ref: string }
>;

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** The OpenAPI document: what the controllers declare, and the problems that any operation can answer. */
export function openApiDocument(
  app: INestApplication,
  options: OpenApiOptions,
  problemMembers: Readonly<Record<string, SchemaObject>> = {},
): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle(options.title)
    .setDescription(options.description)
    .setVersion(options.version)
    .addServer(options.serverUrl);
  const document = SwaggerModule.createDocument(app, options.security(builder).build(), {
    extraModels: [ProblemDto],
  });
  const { properties = {} } = document.components?.schemas?.[ProblemDto.name] as SchemaObject;
  Object.assign(properties, problemMembers);
  for (const path of Object.values(document.paths))
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = path[method];
      if (operation === undefined) continue;
      addProblems(operation, method !== 'get', options);
      closeBody(operation, document);
    }
  return document;
}

function addProblems(operation: Operation, readsBody: boolean, { problems }: OpenApiOptions): void {
  const schemes = (operation.security ?? []).flatMap((requirement) => Object.keys(requirement));
  const any: AnyProblem[] = [
    MalformedRequest,
    ValidationFailed,
    MethodNotAllowed,
    NotFound,
    InternalError,
    ...(readsBody ? [BodyTooLarge, UnsupportedMediaType] : []),
    ...problems.all,
    ...new Set(schemes.flatMap((scheme) => problems.byScheme[scheme] ?? [])),
  ];
  const byStatus = new Map<string, AnyProblem[]>();
  for (const problem of any) {
    const status = String(problem.definition.status);
    byStatus.set(status, [...(byStatus.get(status) ?? []), problem]);
  }
  for (const [status, group] of byStatus) {
    const declared = operation.responses[status] as ProblemResponse | undefined;
    const general = problemResponse(group);
    operation.responses[status] = declared === undefined ? general : mergeProblemResponses(declared, general);
  }
}

/** Says what the input pipe does: unknown fields are refused. */
function closeBody({ requestBody }: Operation, { components }: OpenAPIObject): void {
  const body = requestBody as { content?: Record<string, { schema?: { $ref?: string } }> } | undefined;
  const name = body?.content?.['application/json']?.schema?.$ref?.split('/').at(-1);
  const schema = name === undefined ? undefined : components?.schemas?.[name];
  if (schema !== undefined) Object.assign(schema, { additionalProperties: false });
}

/** Serves Swagger UI at /docs and the document at /openapi.json. */
export function serveOpenApi(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true },
    customSiteTitle: document.info.title,
  });
}
