import type { FastifyInstance } from 'fastify';
import { declaredProblems, NotFound, PROBLEM_TYPE_BASE, type ProblemDefinition } from '#problem';

/** The documentation of one problem type, as Markdown: what its `type` leads to, and a page under docs/problems. */
export function problemPage({ type, status, title, help }: ProblemDefinition<never>): string {
  return `# ${title}\n\n\`${PROBLEM_TYPE_BASE}${type}\` · HTTP ${status}\n\n${help}\n`;
}

/** Serves the page behind every `type` (RFC 9457 §3.1.1: it should be dereferenceable). */
export function serveProblemPages(server: FastifyInstance): void {
  const pages = new Map(declaredProblems().map((problem) => [problem.type, problemPage(problem)]));
  server.get<{ Params: { module: string; name: string } }>(
    `${PROBLEM_TYPE_BASE}:module/:name`,
    async ({ params }, reply) => {
      const page = pages.get(`${params.module}/${params.name}`);
      if (page === undefined) throw NotFound();
      return reply.header('content-type', 'text/markdown; charset=utf-8').send(page);
    },
  );
}
