import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_TYPE_BASE, type ProblemDefinition, type ProblemFactory } from './problem.js';

export class FieldFaultDto {
  @ApiProperty({
    description: 'Path of the field, dots between levels; `body` when the whole body is at fault.',
  })
  field!: string;

  @ApiProperty({ example: 'must be given' })
  detail!: string;
}

/** A problem as OpenAPI describes it; each problem may have members of its own (RFC 9457 §3.2). */
export class ProblemDto {
  @ApiProperty({ example: '/docs/problems/request/invalid', description: 'Switch on this.' })
  type!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty({ type: 'integer' })
  status!: number;

  @ApiProperty({ description: 'For a person: what happened and what to do.' })
  detail!: string;

  @ApiProperty()
  request_id!: string;

  @ApiProperty({ required: false, type: [FieldFaultDto], description: 'When single fields are at fault.' })
  errors?: FieldFaultDto[];

  @ApiProperty({ required: false, description: 'Why a credential is refused, for programs.' })
  reason?: string;
}

export type AnyProblem = { readonly definition: Pick<ProblemDefinition<never>, 'status' | 'type' | 'title'> };

export interface ProblemResponse {
  description: string;
  content: {
    'application/problem+json': {
      schema: { allOf: [{ $ref: string }]; properties: { type: { enum: string[] } } };
    };
  };
}

/** One OpenAPI response for all problems of a status; it names their types, so that a client can switch on them. */
export function problemResponse(problems: readonly AnyProblem[]): ProblemResponse {
  const description = problems
    .map(({ definition }) => `${definition.title} (\`${definition.type}\`)`)
    .join(' · ');
  const types = problems.map(({ definition }) => PROBLEM_TYPE_BASE + definition.type);
  return {
    description,
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: getSchemaPath(ProblemDto) }], properties: { type: { enum: types } } },
      },
    },
  };
}

/** What two declarations of one status say together; the first may be of answers that are no problems. */
export function mergeProblemResponses(
  one: Partial<ProblemResponse>,
  other: ProblemResponse,
): ProblemResponse {
  const declared = one.content?.['application/problem+json'];
  const added = other.content['application/problem+json'].schema;
  const known = declared?.schema.properties.type.enum ?? [];
  const types = [...new Set([...known, ...added.properties.type.enum])];
  const texts = [one, other].flatMap(({ description = '' }) => description.split(' · '));
  const schema = { allOf: added.allOf, properties: { type: { enum: types } } };
  return {
    ...one,
    description: [...new Set(texts)].join(' · '),
    content: { ...one.content, 'application/problem+json': { schema } },
  };
}

/** Declares the problems of an operation beyond those that every operation has. */
export function ApiProblems(...problems: readonly ProblemFactory<never>[]): MethodDecorator & ClassDecorator {
  const byStatus = new Map<number, AnyProblem[]>();
  for (const problem of problems) {
    const { status } = problem.definition;
    byStatus.set(status, [...(byStatus.get(status) ?? []), problem]);
  }
  return applyDecorators(
    ApiExtraModels(ProblemDto, FieldFaultDto),
    ...[...byStatus].map(([status, group]) => ApiResponse({ status, ...problemResponse(group) })),
  );
}
