import type { ApiName } from '#config';
import type { Credential } from '../consumers/index.js';
import type { ApplicationDto } from './applications.dto.js';
import type { ApplicationView } from './applications.service.js';
import type { EndUserDto } from './end-users.dto.js';
import type { RegisteredEndUser } from './end-users.service.js';
import type { CredentialsDto, SubscriptionDto } from './subscriptions.dto.js';
import type { SubscriptionView } from './subscriptions.service.js';

export function toApplicationDto({ row, active }: ApplicationView): ApplicationDto {
  return {
    id: row.id,
    owner: row.owner,
    name: row.name,
    redirect_uri: row.redirectUri,
    active,
    created_at: row.createdAt.toISOString(),
  };
}

export function toSubscriptionDto({ row, active }: SubscriptionView): SubscriptionDto {
  return {
    id: row.id,
    application_id: row.applicationId,
    api: row.api,
    auth: row.auth,
    plan: row.plan,
    status: row.status,
    active,
    reason: row.reason,
    created_at: row.createdAt.toISOString(),
    decided_at: row.decidedAt?.toISOString() ?? null,
  };
}

/** With its secret: for the owner, and for no cache. */
export function toCredentialsDto(credential: Credential, api: ApiName, publicUrl: string): CredentialsDto {
  const apiUrl = `${publicUrl}/apis/${api}/`;
  const none = { key: null, client_id: null, client_secret: null, token_url: null, redirect_uri: null };
  if (credential.kind === 'key-auth') return { api_url: apiUrl, ...none, key: credential.key.reveal() };
  return {
    api_url: apiUrl,
    ...none,
    client_id: credential.clientId,
    client_secret: credential.clientSecret.reveal(),
    token_url: `${apiUrl}oauth2/token`,
    redirect_uri: credential.redirectUris[0] ?? null,
  };
}

export function toEndUserDto({ row, username, active }: RegisteredEndUser): EndUserDto {
  return {
    consumer_id: row.id,
    username,
    email: row.email,
    custom_id: row.customId,
    api: row.api,
    active,
  };
}
