import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { BlockedSubjects } from './blocked-subjects.service.js';
import { DatabaseSync } from './database-sync.service.js';
import { DeclarativeSync } from './declarative-sync.service.js';
import { EdgePushes } from './edge-pushes.service.js';
import './gateway.problems.js';
import { KongController } from './kong.controller.js';
import { KongNode } from './kong-node.service.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { KongSync } from './kong-sync.service.js';
import { NodeWatch } from './node-watch.service.js';
import { PacedWriter } from './paced-writer.service.js';
import { PendingChanges } from './pending-changes.service.js';
import { RealmKeyRotation } from './realm-key-rotation.service.js';
import { RealmKeysController } from './realm-keys.controller.js';
import { RealmKeysInKong } from './realm-keys-in-kong.service.js';
import { REALM_KEYS_OPTIONS, type RealmKeysOptions } from './realm-keys.options.js';
import { RealmKeysRepository } from './realm-keys.repository.js';
import { RealmKeysService } from './realm-keys.service.js';
import { SYNC_ENGINE } from './sync-engine.js';
import { SyncMetrics } from './sync-metrics.service.js';
import { SyncProgress } from './sync-progress.service.js';
import { SyncStateRepository } from './sync-state.repository.js';
import { SyncStatus } from './sync-status.service.js';
import { TopologyFile } from './topology-file.service.js';
import { UnopenedCredentials } from './unopened-credentials.service.js';

@Module({})
export class KongSyncModule {
  static forRoot(options: KongSyncOptions, realmKeys: RealmKeysOptions): DynamicModule {
    return {
      module: KongSyncModule,
      global: true,
      imports: [AuditModule],
      controllers: [KongController, RealmKeysController],
      providers: [
        { provide: KONG_SYNC_OPTIONS, useValue: options },
        { provide: SYNC_ENGINE, useClass: options.mode === 'db' ? DatabaseSync : DeclarativeSync },
        NodeWatch,
        EdgePushes,
        BlockedSubjects,
        KongNode,
        TopologyFile,
        UnopenedCredentials,
        SyncMetrics,
        SyncStateRepository,
        SyncProgress,
        SyncStatus,
        PacedWriter,
        PendingChanges,
        KongSync,
        { provide: REALM_KEYS_OPTIONS, useValue: realmKeys },
        RealmKeysRepository,
        RealmKeysInKong,
        RealmKeysService,
        RealmKeyRotation,
      ],
      exports: [EdgePushes],
    };
  }
}
