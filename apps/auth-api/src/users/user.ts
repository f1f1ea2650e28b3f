/** What we know of a person; Keycloak is the truth, this is what it said when it was last read. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly fullName: string | undefined;
  readonly guest: boolean;
  readonly enabled: boolean;
  readonly deleted: boolean;
  readonly roles: readonly string[];
  /** Counts the times this row was written: a slow read of Keycloak must not put an older state back. */
  readonly version: number;
  readonly readAt: Date;
}

/** What Keycloak said about a person. */
export type UserReading = Omit<User, 'version' | 'readAt' | 'deleted'>;

/** Why a person may not act, or undefined when he may. */
export function refusalOf(
  user: Pick<User, 'enabled' | 'deleted'>,
): 'user-deleted' | 'user-disabled' | undefined {
  if (user.deleted) return 'user-deleted';
  return user.enabled ? undefined : 'user-disabled';
}

/** Keycloak keeps attributes as lists of text. */
export function isGuest(attributes: Readonly<Record<string, readonly string[]>>): boolean {
  return attributes['guest']?.[0] === 'true';
}

/** First and last name as one, undefined when there is neither. */
export function joinName(firstName: string | undefined, lastName: string | undefined): string | undefined {
  const name = [firstName, lastName].filter((part) => part !== undefined && part !== '').join(' ');
  return name === '' ? undefined : name;
}

/** The last word of a name is the last name; Keycloak wants the two apart. */
export function splitName(fullName: string): { firstName: string; lastName: string } {
  const words = fullName.trim().split(/\s+/);
  const lastName = words.length > 1 ? (words.pop() as string) : '';
  return { firstName: words.join(' '), lastName };
}
