import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MalformedRequest, Problem, ValidationFailed } from '#problem';
import { cleanFilename, filenameIn } from './filename.js';

const ONE_FILE = 'must be one file and nothing else';

/** An upload before anything of it is believed. */
export interface ReceivedFile {
  /** Its Content-Type, as it was sent. */
  readonly claimed: string | undefined;
  readonly filename: string | undefined;
  /** In bytes, where it is known beforehand. */
  readonly announced: number | undefined;
  /** Read once. @throws {Problem} MalformedRequest: it breaks off; ValidationFailed: there is more than one file */
  readonly content: AsyncIterator<Buffer>;
}

/** Finds the one file in a request: the body itself, or the only part of multipart/form-data. */
@Injectable()
export class FileReceiver {
  /** @param filename as the query says it @throws {Problem} ValidationFailed, MalformedRequest */
  async receive(request: FastifyRequest, filename?: string): Promise<ReceivedFile> {
    const file = request.isMultipart() ? await part(request) : body(request);
    return { ...file, filename: cleanFilename(filename, 'filename') ?? file.filename };
  }
}

function body({ headers, raw }: FastifyRequest): ReceivedFile {
  const length = headers['content-length'];
  const given = filenameIn(headers['content-disposition']);
  return {
    claimed: headers['content-type'],
    filename: cleanFilename(given, 'Content-Disposition'),
    announced: length === undefined ? undefined : Number(length),
    // Destroying the request would take the connection away before it is answered.
    content: unbroken(raw.iterator({ destroyOnReturn: false })),
  };
}

async function part(request: FastifyRequest): Promise<ReceivedFile> {
  const parts = request.parts({ limits: { parts: 2, files: 2, fields: 1, fileSize: Infinity } });
  const next = async () => {
    try {
      const result = await parts.next();
      return result.done === true ? undefined : result.value;
    } catch (cause) {
      throw broken(cause);
    }
  };
  const only = await next();
  if (only?.type !== 'file') throw ValidationFailed({ errors: [{ field: 'body', detail: ONE_FILE }] });
  async function* content(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield* file;
    if ((await next()) !== undefined)
      throw ValidationFailed({ errors: [{ field: 'body', detail: ONE_FILE }] });
  }
  return {
    claimed: only.mimetype,
    filename: cleanFilename(only.filename, 'body'),
    announced: undefined,
    content: unbroken(content(only.file)),
  };
}

async function* unbroken(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    throw broken(error);
  }
}

/** The client went away, or sent a multipart body with faults: in any case nothing of ours. */
function broken(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  return MalformedRequest(
    { reason: 'The upload breaks off, or is no proper multipart/form-data.' },
    { cause },
  );
}
