import { Transform } from 'class-transformer';
import { isEmail, ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';

interface TextLimits {
  /** In characters as people count them: code points. */
  readonly min?: number;
  readonly max: number;
}

/**
 * A field of text within limits, without control characters and without halves of surrogate pairs, which no database or
 * header can keep. Characters are counted as PostgreSQL counts them; class-validator's own length rules leave some out.
 */
export function IsText(limits: TextLimits): PropertyDecorator {
  return refuse('isText', (value) => textFault(value, limits));
}

/** A field that is an e-mail address. class-validator's own rule throws at half of a surrogate pair. */
export function IsEmailAddress(): PropertyDecorator {
  const wanted = 'must be an e-mail address such as anne@example.com';
  return refuse(
    'isEmailAddress',
    (value) => textFault(value, { max: 254 }) ?? (isEmail(value) ? undefined : wanted),
  );
}

/** A field that may be left out. `null` is a value of the wrong type, not another way to leave it out. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_dto, value) => value !== undefined);
}

/** Takes away blanks around a text before it is checked. */
export function Trimmed(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));
}

function refuse(name: string, faultOf: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => faultOf(value) === undefined,
      defaultMessage: (args?: ValidationArguments) => faultOf(args?.value) ?? '',
    },
  });
}

function textFault(value: unknown, { min = 0, max }: TextLimits): string | undefined {
  if (typeof value !== 'string') return 'must be text';
  if (/\p{Cc}/u.test(value)) return 'must not contain control characters';
  if (/\p{Cs}/u.test(value)) return 'must not contain half of a surrogate pair';
  const length = [...value].length;
  if (length < min) return min === 1 ? 'must not be empty' : `must have at least ${min} characters`;
  return length > max ? `must have at most ${max} characters` : undefined;
}
