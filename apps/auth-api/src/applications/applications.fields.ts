import { Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { ValidateBy, type ValidationArguments } from 'class-validator';
import { ValidationFailed } from '#problem';
import {
  APPLICATION_ID,
  applicationIdFault,
  newApplicationIdFault,
  redirectUriFault,
} from './application.js';

/** How the id of an application looks, for the OpenAPI document. */
export const ID_SCHEMA = {
  minLength: APPLICATION_ID.min,
  maxLength: APPLICATION_ID.max,
  pattern: APPLICATION_ID.pattern.source,
};

type FaultOf = (value: unknown) => string | undefined;

export const IsApplicationId = (): PropertyDecorator => refuse('isApplicationId', applicationIdFault);
export const IsNewApplicationId = (): PropertyDecorator =>
  refuse('isNewApplicationId', newApplicationIdFault);
export const IsRedirectUri = (): PropertyDecorator => refuse('isRedirectUri', redirectUriFault);

const parse: PipeTransform<string> = {
  transform(id) {
    const detail = applicationIdFault(id);
    if (detail !== undefined) throw ValidationFailed({ errors: [{ field: 'id', detail }] });
    return id;
  },
};

/** The path parameter `id`. @throws {Problem} ValidationFailed */
export function ApplicationIdParam(): ParameterDecorator {
  return (controller, handler = '', index) => {
    Param('id', parse)(controller, handler, index);
    const method = Object.getOwnPropertyDescriptor(controller, handler) as PropertyDescriptor;
    ApiParam({ name: 'id', schema: { type: 'string', ...ID_SCHEMA } })(controller, handler, method);
  };
}

function refuse(name: string, faultOf: FaultOf): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => faultOf(value) === undefined,
      defaultMessage: (args?: ValidationArguments) => faultOf(args?.value) ?? '',
    },
  });
}
