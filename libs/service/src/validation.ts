import { Param, ParseUUIDPipe, ValidationPipe } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import type { ValidationError } from 'class-validator';
import { type FieldFault, ValidationFailed } from '#problem';

/** Parses every body, query and parameter by its DTO: unknown fields are refused, each fault is named at its field. */
export function inputPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: true },
    exceptionFactory: (errors) => ValidationFailed({ errors: errors.flatMap((error) => faultsOf(error)) }),
  });
}

/** A path parameter that is a UUID. @throws {Problem} ValidationFailed naming it */
export function UuidParam(name: string): ParameterDecorator {
  const parse = new ParseUUIDPipe({
    exceptionFactory: () => ValidationFailed({ errors: [{ field: name, detail: 'must be a UUID' }] }),
  });
  return (controller, handler = '', index) => {
    Param(name, parse)(controller, handler, index);
    const method = Object.getOwnPropertyDescriptor(controller, handler) as PropertyDescriptor;
    ApiParam({ name, type: String, format: 'uuid' })(controller, handler, method);
  };
}

/** One fault a field, the one to mend first. */
export function faultsOf(error: ValidationError, parent = ''): FieldFault[] {
  const { property, constraints = {}, children = [] } = error;
  const field = parent + property;
  const isMissing = (error.value as unknown) === undefined;
  const detail = isMissing ? 'must be given' : faultOf(constraints, property);
  const own = Object.keys(constraints).length > 0 && detail !== undefined ? [{ field, detail }] : [];
  return [...own, ...children.flatMap((child) => faultsOf(child, `${field}.`))];
}

/**
 * What class-validator says, for people. Decorators run from the one nearest to the field upwards, so the last fault is
 * that of the first rule in the source, which is the type where there is one.
 */
function faultOf(constraints: Readonly<Record<string, string>>, property: string): string | undefined {
  const [rule, text] = Object.entries(constraints).at(-1) ?? [];
  if (rule === undefined || text === undefined) return undefined;
  return WORDING[rule]?.(/\d+/.exec(text)?.[0] ?? '') ?? withoutName(text, property);
}

const WORDING: Readonly<Record<string, (limit: string) => string>> = {
  whitelistValidation: () => 'is not a field of this request',
  isBoolean: () => 'must be true or false',
  isInt: () => 'must be a whole number',
  isArray: () => 'must be a list',
  isUuid: () => 'must be a UUID',
  min: (limit) => `must be at least ${limit}`,
  max: (limit) => `must be at most ${limit}`,
  arrayMaxSize: (limit) => `must have at most ${limit} entries`,
  arrayUnique: () => 'must not have an entry twice',
};

/** class-validator begins its sentences with the property's name, which stands in `field` already. */
function withoutName(text: string, property: string): string {
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
