import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from './events.js';
import { failureText, lastLines, Stopped } from './failure.js';
import { stopLeftovers } from './heal.js';
import { tryLock, unlock } from './lock.js';
import {
  addressesOf,
  appPart,
  gatewayAddresses,
  gatewayPart,
  keycloakPart,
  preflight,
  withPorts,
} from './parts.js';
import { type StackPlan, topologyFile } from './plan.js';
import { postgresPart } from './postgres-part.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import { ensureSecrets } from './secrets.js';
import { PartFailed, type StackContext } from './stack-context.js';
import { forgetState, StackRecord } from './state.js';
import { describeTestStack, TEST_STACK_FILE } from './test-stack-file.js';

/**
 * Starts everything in the plan, keeps it until the signal, and stops it in reverse order. There is one of these per
 * state folder (a lock), it owns every process of the stack, and it does nothing else.
 *
 * @returns the exit code: 0 when it was asked to stop, 1 when a part failed or another supervisor is at work
 */
export async function supervise(plan: StackPlan, report: Report, stop: AbortController): Promise<number> {
  mkdirSync(plan.folder, { recursive: true });
  chmodSync(plan.folder, 0o711); // user postgres must pass through; what is private in it has a mode of its own
  const lock = join(plan.folder, 'supervisor.lock');
  const holder = tryLock(lock);
  if (holder) {
    report({ kind: 'busy', pid: holder.pid });
    return 1;
  }
  try {
    return await superviseLocked(plan, report, stop);
  } finally {
    unlock(lock);
    if (plan.temporary) rmSync(plan.folder, { recursive: true, force: true });
  }
}

async function superviseLocked(plan: StackPlan, report: Report, stop: AbortController): Promise<number> {
  const leftovers = await stopLeftovers(plan.folder);
  if (leftovers.length > 0)
    report({ kind: 'note', text: `stopped what a killed run left behind: ${leftovers.join(', ')}` });
  const record = new StackRecord(plan.folder, identify(process.pid) as ProcessIdentity);
  const context: StackContext | undefined = prepare(plan, record, report, stop.signal);
  if (!context) return 1;
  const endWatch = endWithOwner(plan, stop);
  try {
    await startAll(context);
    report({ kind: 'up' });
    await aborted(stop.signal);
    return 0;
  } catch (error) {
    if (error instanceof Stopped) return 0;
    if (error instanceof PartFailed) return 1;
    throw error;
  } finally {
    endWatch();
    record.phase('stopping');
    stop.abort();
    await stopAll(context);
    forgetState(plan.folder);
  }
}

function prepare(
  plan: StackPlan,
  record: StackRecord,
  report: Report,
  signal: AbortSignal,
): StackContext | undefined {
  try {
    return {
      plan,
      secrets: ensureSecrets(plan.folder, process.env, plan.production),
      record,
      report,
      signal,
      stops: [],
    };
  } catch (error) {
    const { reason, advice, logFile } = failureText(error);
    report({
      kind: 'failed',
      part: 'secrets',
      reason,
      advice,
      lastLines: logFile ? lastLines(logFile, 12) : [],
    });
    forgetState(plan.folder);
    return undefined;
  }
}

async function startAll(context: StackContext): Promise<void> {
  const { plan, record } = context;
  await preflight(context);
  const postgres = await postgresPart(context);
  const keycloak = await keycloakPart(context, postgres);
  const gateway = await gatewayAddresses(plan);
  // That of an earlier start has other addresses in it.
  rmSync(topologyFile(plan), { force: true });
  const planned = await Promise.all(plan.apps.map(withPorts));
  const apps = new Map(planned.map((app) => [app.name, addressesOf(app)]));
  const appUrls = new Map([...apps].map(([name, { url }]) => [name, url]));
  const before = gateway && { ...gateway, topologyFile: topologyFile(plan) };
  const around = { keycloak, gateway: before, appUrls };
  const started = await Promise.allSettled(
    planned.filter(({ runs }) => runs).map((app) => appPart(context, app, postgres, around)),
  );
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason as Error;
  if (gateway) await gatewayPart(context, gateway, postgres, keycloak, apps);
  const firstCalls = plan.apps.flatMap(({ name, runs, firstCall }) =>
    runs && firstCall ? [firstCall.replace('{url}', gateway?.url ?? apps.get(name)?.url ?? '')] : [],
  );
  if (plan.temporary) {
    const description = describeTestStack(context.secrets, postgres, keycloak);
    writeFileSync(join(plan.folder, TEST_STACK_FILE), JSON.stringify(description, null, 2), { mode: 0o600 });
  }
  record.phase('up', firstCalls);
}

/** A stack with an owner ends with it, at most a second later. */
function endWithOwner({ owner }: StackPlan, stop: AbortController): () => void {
  const timer = setInterval(() => {
    if (owner && !isAlive(owner)) stop.abort();
  }, 1_000);
  return () => clearInterval(timer);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

async function stopAll(context: StackContext): Promise<void> {
  for (const stopPart of [...context.stops].reverse()) {
    await stopPart().catch((error: unknown) => console.error(error)); // the others must be stopped all the same
  }
}
