import { ApiKeyRow, CreateApiKeys1763800000004 } from './api-keys/index.js';
import {
  ApplicationEndUserRow,
  ApplicationRow,
  CreateApplications1763900000007,
  EndUserRow,
  SubscriptionRow,
} from './applications/index.js';
import { AuditEvent, CreateAudit1763800000001 } from './audit/index.js';
import {
  ConsumerRow,
  CreateConsumers1763900000006,
  CreateRegistrations1763900000011,
  CredentialRow,
  RegistrationRow,
} from './consumers/index.js';
import { CreateGuests1763800000003, GuestRow } from './guests/index.js';
import {
  CreateKongSync1763900000009,
  CreateRealmKeys1763900000008,
  RealmKeyRow,
  SyncStateRow,
} from './kong-sync/index.js';
import { CreateUsage1763800000005, UsageBatchRow, UsageHourRow } from './usage/index.js';
import { CreateUsers1763800000002, UserRow } from './users/index.js';

/** Every table of auth-api, as the code reads and writes it. */
export const ENTITIES = [
  AuditEvent,
  UserRow,
  GuestRow,
  ApiKeyRow,
  UsageBatchRow,
  UsageHourRow,
  ConsumerRow,
  CredentialRow,
  ApplicationRow,
  SubscriptionRow,
  EndUserRow,
  ApplicationEndUserRow,
  RegistrationRow,
  SyncStateRow,
  RealmKeyRow,
];

/** How the tables come to be, in order. */
export const MIGRATIONS = [
  CreateAudit1763800000001,
  CreateUsers1763800000002,
  CreateGuests1763800000003,
  CreateApiKeys1763800000004,
  CreateUsage1763800000005,
  CreateConsumers1763900000006,
  CreateApplications1763900000007,
  CreateRealmKeys1763900000008,
  CreateKongSync1763900000009,
  CreateRegistrations1763900000011,
];
