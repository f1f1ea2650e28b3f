import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { declaredProblems, NotFound, PROBLEM_TYPE_BASE, type ProblemDefinition } from '#problem';

/** The committed pages of every service's problems: clients know one address, whichever service has answered. */
const FOLDER = join(import.meta.dirname, '../../../../docs/problems');
const NAME = /^[a-z0-9-]+$/;

/** The documentation of one problem type, as Markdown: what its `type` leads to, and a page under docs/problems. */
export function problemPage({ type, status, title, help }: ProblemDefinition<never>): string {
  return `# ${title}\n\n\`${PROBLEM_TYPE_BASE}${type}\` · HTTP ${status}\n\n${help}\n`;
}

/**
 * Serves the page behind every `type` (RFC 9457 §3.1.1: it should be dereferenceable): of the service's own problems, and,
 * as it is auth-api that stands behind /docs at the gateway, of all others that have a page in the checkout or the image.
 */
export function serveProblemPages(server: FastifyInstance): void {
  const pages = new Map(declaredProblems().map((problem) => [problem.type, problemPage(problem)]));
  server.get<{ Params: { module: string; name: string } }>(
    `${PROBLEM_TYPE_BASE}:module/:name`,
    async ({ params: { module, name } }, reply) => {
      const page = pages.get(`${module}/${name}`) ?? (await committedPage(module, name));
      if (page === undefined) throw NotFound();
      return reply.header('content-type', 'text/markdown; charset=utf-8').send(page);
    },
  );
}

async function committedPage(module: string, name: string): Promise<string | undefined> {
  if (![module, name].every((part) => NAME.test(part))) return undefined;
  try {
    return await readFile(join(FOLDER, module, `${name}.md`), 'utf8');
  } catch {
    return undefined; // there is none of this type, or this installation has no documents
  }
}
