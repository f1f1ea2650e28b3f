import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { overlayFolder } from './kubernetes.js';
import { INSTALL_MS, kubernetesObjects, Refused, ROOT } from './tools.js';

beforeAll(async () => {
  await kubernetesObjects(overlayFolder('production'));
}, INSTALL_MS);

describe('what kustomize or the API server would refuse', () => {
  const copy = mkdtempSync(join(tmpdir(), 'gatehouse-kubernetes-'));
  afterAll(() => rmSync(copy, { recursive: true }));

  const broken = async (file: string, from: string, to: string): Promise<unknown> => {
    cpSync(join(ROOT, 'docker/kubernetes'), copy, { recursive: true });
    const text = readFileSync(join(copy, file), 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(copy, file), text.replace(from, to));
    return kubernetesObjects(join(copy, 'overlays/production')).catch((error: unknown) => error);
  };

  it('a misspelt field of a container is refused', async () => {
    const answer = await broken('base/llm-api.yaml', 'resources:', 'resource:');
    expect(answer).toBeInstanceOf(Refused);
    expect(String(answer)).toContain('unknown field "resource"');
  });

  it('a kind that Kubernetes does not have is refused', async () => {
    const answer = await broken('base/kong.yaml', 'kind: PodDisruptionBudget', 'kind: PodDisruptionBudgets');
    expect(String(answer)).toContain('PodDisruptionBudgets');
    expect(answer).toBeInstanceOf(Refused);
  });

  it('a patch of something that is not there is refused', async () => {
    const answer = await broken('components/admin-mtls/server.yaml', 'name: kong }', 'name: gong }');
    expect(answer).toBeInstanceOf(Refused);
  });
});
