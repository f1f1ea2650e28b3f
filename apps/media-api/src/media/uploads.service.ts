import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#principal';
import { ValidationFailed } from '#problem';
import { dropRest } from '#service';
import { MEDIA_STORE, type MediaObject, type MediaStore, newMediaId } from '../store/index.js';
import { findType } from './media-types.js';
import { MEDIA_OPTIONS, type MediaOptions } from './media.options.js';
import { MediaTooLarge, TypeMismatch } from './media.problems.js';
import { Quota, type Reservation } from './quota.js';
import { FileReceiver, type ReceivedFile } from './received-file.service.js';
import { HEAD_BYTES, judgeType, TextCheck } from './sniffing.js';

/** Takes a file from a request to the store, a piece at a time: none of it is kept in memory beyond its first bytes. */
@Injectable()
export class UploadsService {
  private readonly quota: Quota;

  constructor(
    @Inject(MEDIA_STORE) private readonly store: MediaStore,
    @Inject(MEDIA_OPTIONS) private readonly options: MediaOptions,
    private readonly receiver: FileReceiver,
  ) {
    this.quota = new Quota((owner) => store.usage(owner));
  }

  /**
   * Stores it whole, or leaves nothing.
   *
   * @throws {Problem} MediaTooLarge, QuotaReached, TypeNotAllowed, TypeMismatch, StoreFull, StoreUnavailable; it is empty,
   * breaks off or is not one file
   */
  async upload(principal: Principal, request: FastifyRequest, filename?: string): Promise<MediaObject> {
    try {
      const file = await this.receiver.receive(request, filename);
      this.assertLength(file.announced ?? 0);
      return await this.withinQuota(principal, file);
    } catch (error) {
      dropRest(request);
      throw error;
    }
  }

  private async withinQuota(principal: Principal, file: ReceivedFile): Promise<MediaObject> {
    const limits = principal.kind === 'guest' ? this.options.guestQuota : this.options.quota;
    const reservation = await this.quota.begin(principal.id, limits, file.announced);
    try {
      const stored = await this.judgeAndStore(principal.id, file, reservation);
      reservation.end('stored');
      return stored;
    } catch (error) {
      reservation.end('dropped');
      throw error;
    }
  }

  private async judgeAndStore(owner: string, file: ReceivedFile, room: Reservation): Promise<MediaObject> {
    const { claimed, filename } = file;
    const head = await headOf(file.content);
    if (head.length === 0)
      throw ValidationFailed({ errors: [{ field: 'body', detail: 'must not be empty' }] });
    const type = await judgeType(claimed, head);
    const content = Readable.from(this.checked(head, file.content, type, room), { objectMode: false });
    return this.store.put(owner, { id: newMediaId(), type, filename }, content);
  }

  /** The content as it goes on, until it is too long or turns out not to be text. */
  private async *checked(
    head: Buffer,
    rest: AsyncIterator<Buffer>,
    type: string,
    room: Reservation,
  ): AsyncGenerator<Buffer> {
    const text = findType(type)?.text === true ? new TextCheck() : undefined;
    let length = 0;
    for (let piece: Buffer | undefined = head; piece !== undefined; piece = await nextOf(rest)) {
      length += piece.length;
      this.assertLength(length);
      room.take(piece.length);
      if (text?.isText(piece) === false) throw notText(type);
      yield piece;
    }
    if (text?.isText(Buffer.alloc(0), true) === false) throw notText(type);
  }

  private assertLength(bytes: number): void {
    const { maxBytes } = this.options;
    if (bytes > maxBytes) throw MediaTooLarge({ maxBytes });
  }
}

function notText(claimed: string) {
  return TypeMismatch({ claimed, found: 'application/octet-stream' });
}

async function headOf(content: AsyncIterator<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const piece = await nextOf(content);
    if (piece === undefined) break;
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.concat(pieces);
}

async function nextOf(content: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  const result = await content.next();
  return result.done === true ? undefined : result.value;
}
