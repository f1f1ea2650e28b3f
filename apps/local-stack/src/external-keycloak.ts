import { StackFailure } from './failure.js';
import { REALM } from './keycloak.js';

/**
 * Looks at a Keycloak that the user gave us.
 *
 * @returns the issuer it announces
 * @throws {StackFailure} unreachable, or without our realm
 */
export async function requireRealm(url: string): Promise<string> {
  const response = await ask(`${url}/realms/${REALM}/.well-known/openid-configuration`);
  if (response.status === 404) {
    const advice = 'import keycloak/realm-jan.json there, or unset KEYCLOAK_URL';
    throw new StackFailure({ reason: `KEYCLOAK_URL: no realm ${REALM} at ${url}`, advice });
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.status !== 200 || !hasIssuer(body)) {
    const advice = 'give the address before /realms, or unset KEYCLOAK_URL';
    throw new StackFailure({
      reason: `KEYCLOAK_URL: ${url} does not answer like a Keycloak (${response.status})`,
      advice,
    });
  }
  return body.issuer;
}

/**
 * Signs in as a client, so that a wrong secret is said now and not at the first guest.
 *
 * @throws {StackFailure} Keycloak refuses it
 */
export async function requireClient(
  url: string,
  clientId: string,
  secret: string,
  setting: string,
): Promise<void> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: secret,
  });
  const response = await ask(`${url}/realms/${REALM}/protocol/openid-connect/token`, {
    method: 'POST',
    body,
  });
  await response.body?.cancel();
  if (response.status === 200) return;
  const reason = `Keycloak refuses ${setting} for client ${clientId} (${response.status})`;
  throw new StackFailure({ reason, advice: `set ${setting} to the secret that realm ${REALM} has for it` });
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const { host } = new URL(url);
    const advice = 'start that Keycloak, or unset KEYCLOAK_URL';
    throw new StackFailure({ reason: `KEYCLOAK_URL: nothing answers at ${host}`, advice }, error);
  }
}

function hasIssuer(body: unknown): body is { readonly issuer: string } {
  return typeof body === 'object' && body !== null && 'issuer' in body && typeof body.issuer === 'string';
}
