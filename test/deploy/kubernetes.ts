import { join } from 'node:path';
import { ROOT } from './tools.js';

export const OVERLAYS = ['development', 'staging', 'production'] as const;
export type Overlay = (typeof OVERLAYS)[number];
export const overlayFolder = (overlay: Overlay): string => join(ROOT, 'docker/kubernetes/overlays', overlay);

type Labels = Readonly<Record<string, string>>;
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}
export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}
export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}
export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}
export interface PolicyRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
}
/** As much of Kubernetes' types as the tests look at. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Labels;
  readonly spec?: {
    readonly replicas?: number;
    readonly type?: string;
    readonly clusterIP?: string;
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly PolicyRule[];
    readonly egress?: readonly PolicyRule[];
    readonly maxUnavailable?: number;
    readonly selector?: Selector;
  };
}

/** Whatever makes pods, by name: what they run and how they are labelled. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly labels: Labels;
  readonly pod: PodSpec;
  readonly replicas: number | undefined;
}

export function workloads(objects: readonly KubernetesObject[]): readonly Workload[] {
  return objects.flatMap(({ kind, metadata, spec }) =>
    spec?.template === undefined
      ? []
      : [
          {
            kind,
            name: metadata.name,
            labels: spec.template.metadata.labels,
            pod: spec.template.spec,
            replicas: spec.replicas,
          },
        ],
  );
}

export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** What one container is told, with a stand-in of the right form for each secret that must be there. */
export function environmentOf(
  objects: readonly KubernetesObject[],
  { envFrom = [], env = [] }: Container,
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const { configMapRef } of envFrom)
    if (configMapRef) Object.assign(given, find(objects, 'ConfigMap', configMapRef.name).data);
  for (const { name, value, valueFrom } of env)
    given[name] = valueFrom?.secretKeyRef ? secretLike(name, valueFrom.secretKeyRef.optional) : (value ?? '');
  return given;
}

function secretLike(name: string, optional = false): string {
  if (optional) return '';
  return name === 'DATABASE_URL' ? 'postgresql://user@database/name' : 'A'.repeat(43);
}

export function matches(selector: Selector, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`${operator} is not understood here`);
      return values.includes(labels[key] ?? '');
    })
  );
}
