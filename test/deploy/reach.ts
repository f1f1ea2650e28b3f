import { type KubernetesObject, matches, type Peer, type PolicyRule, type Workload } from './kubernetes.js';

/** Somebody who would like to reach a pod: another of ours, or a pod of another namespace. */
export interface Caller {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Undefined: ours. */
  readonly namespace?: string;
}

/** Which end of a connection is asked: who is called lets in, who calls is let out. */
export type End = 'in' | 'out';

/**
 * Who reaches which port, by what NetworkPolicies say: `kong -> llm-api:8081`. Between two pods of ours both ends must
 * let it through; one end alone can be asked too. A pod that no policy of a direction selects is open in that direction, as Kubernetes has it.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function reachable(
  objects: readonly KubernetesObject[],
  callers: readonly Caller[],
  pods: readonly Workload[],
  ends: readonly End[] = ['in', 'out'],
): readonly string[] {
  const asked = { in: letsIn, out: letsOut };
  return callers.flatMap((caller) =>
    pods
      .filter(({ name }) => name !== caller.name)
      .flatMap((pod) =>
        portsOf(pod)
          .filter((port) => ends.every((end) => asked[end](objects, caller, pod, port)))
          .map((port) => `${caller.name} -> ${pod.name}:${port}`),
      ),
  );
}

function portsOf({ pod }: Workload): readonly number[] {
  return pod.containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
}

function letsIn(objects: readonly KubernetesObject[], caller: Caller, pod: Workload, port: number): boolean {
  const policies = policiesFor(objects, 'Ingress', pod.labels);
  const rules = policies.flatMap(({ spec }) => spec?.ingress ?? []);
  return policies.length === 0 || rules.some((rule) => allows(rule, rule.from, caller, port));
}

function letsOut(objects: readonly KubernetesObject[], caller: Caller, pod: Workload, port: number): boolean {
  if (caller.namespace !== undefined) return true; // its own policies are not ours
  const policies = policiesFor(objects, 'Egress', caller.labels ?? {});
  const rules = policies.flatMap(({ spec }) => spec?.egress ?? []);
  return policies.length === 0 || rules.some((rule) => allows(rule, rule.to, pod, port));
}

function policiesFor(
  objects: readonly KubernetesObject[],
  type: string,
  labels: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  return objects.filter(
    ({ kind, spec }) =>
      kind === 'NetworkPolicy' &&
      spec?.policyTypes?.includes(type) &&
      matches(spec.podSelector ?? {}, labels),
  );
}

/** A rule without peers is for everybody, one without ports for every port. */
function allows(rule: PolicyRule, peers: readonly Peer[] | undefined, other: Caller, port: number): boolean {
  const isPort = rule.ports === undefined || rule.ports.some((allowed) => allowed.port === port);
  return isPort && (peers === undefined || peers.some((peer) => isPeer(peer, other)));
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, other: Caller): boolean {
  if (ipBlock) return false; // pods are in private networks, which ours leave out
  const isNamespace =
    namespaceSelector === undefined
      ? other.namespace === undefined
      : matches(namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace ?? 'ours' });
  return isNamespace && matches(podSelector ?? {}, other.labels ?? {});
}
