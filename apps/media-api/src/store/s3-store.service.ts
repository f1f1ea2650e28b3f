import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Problem } from '#problem';
import { madeAt } from './media-id.js';
import type { ByteRange, MediaObject, MediaStore, NewObject, Usage } from './media-store.js';
import { ownerName } from './owner-name.js';
import type { S3Options } from './store.options.js';
import { StoreUnavailable } from './store.problems.js';

/** S3's smallest; as much of an upload is in memory at a time. */
const PART_BYTES = 5 * 1024 * 1024;
/** A list does not say what is known of its objects, so each is asked about. */
const ASKED_AT_ONCE = 10;
const CONNECT_MS = 3000;
const ANSWER_MS = 15_000;

/**
 * Objects in a bucket of any S3-compatible server, as `<owner>/<id>`: an upload is one object when it is complete and
 * none before. Imported only where it is used, because the SDK takes tens of megabytes.
 */
export class S3Store implements MediaStore {
  private readonly client: S3Client;

  constructor(private readonly options: S3Options) {
    const { endpoint, region, credentials } = options;
    this.client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      ...(credentials && {
        credentials: {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: credentials.secretAccessKey.reveal(),
        },
      }),
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS },
      // Not every server of this kind knows the newer checksums in trailers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async put(owner: string, object: NewObject, content: Readable): Promise<MediaObject> {
    let broken: unknown;
    content.once('error', (error) => (broken = error));
    const upload = new Upload({
      client: this.client,
      queueSize: 1,
      partSize: PART_BYTES,
      params: {
        ...this.at(owner, object.id),
        Body: content,
        ContentType: object.type,
        // Values of metadata go over the wire as ASCII.
        Metadata: object.filename === undefined ? {} : { filename: encodeURIComponent(object.filename) },
      },
    });
    try {
      await upload.done();
    } catch (error) {
      throw broken ?? problemOf(error);
    }
    const stored = await this.find(owner, object.id);
    if (stored === undefined)
      throw StoreUnavailable(undefined, { cause: new Error('not there after upload') });
    return stored;
  }

  async find(owner: string, id: string): Promise<MediaObject | undefined> {
    const head = await found(() => this.client.send(new HeadObjectCommand(this.at(owner, id))));
    if (head === undefined) return undefined;
    const filename = head.Metadata?.['filename'];
    return {
      id,
      type: head.ContentType ?? 'application/octet-stream',
      filename: filename === undefined ? undefined : decodeURIComponent(filename),
      bytes: head.ContentLength ?? 0,
      createdAt: madeAt(id),
    };
  }

  async open(owner: string, id: string, range?: ByteRange): Promise<Readable | undefined> {
    const Range = range === undefined ? undefined : `bytes=${range.first}-${range.last}`;
    const answer = await found(() =>
      this.client.send(new GetObjectCommand({ ...this.at(owner, id), Range })),
    );
    return answer?.Body as Readable | undefined;
  }

  async list(
    owner: string,
    { after, limit }: { after?: string; limit: number },
  ): Promise<readonly MediaObject[]> {
    const prefix = this.prefix(owner);
    const { Contents = [] } = await s3(() =>
      this.client.send(
        new ListObjectsV2Command({
          Bucket: this.options.bucket,
          Prefix: prefix,
          MaxKeys: limit,
          ...(after === undefined ? {} : { StartAfter: prefix + after }),
        }),
      ),
    );
    const ids = Contents.map(({ Key = '' }) => Key.slice(prefix.length));
    const objects: MediaObject[] = [];
    while (ids.length > 0) {
      const some = await Promise.all(ids.splice(0, ASKED_AT_ONCE).map((id) => this.find(owner, id)));
      objects.push(...some.filter((object) => object !== undefined));
    }
    return objects;
  }

  async usage(owner: string): Promise<Usage> {
    let [objects, bytes] = [0, 0];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await s3(() =>
        this.client.send(
          new ListObjectsV2Command({
            Bucket: this.options.bucket,
            Prefix: this.prefix(owner),
            ContinuationToken: token,
          }),
        ),
      );
      for (const { Size = 0 } of page.Contents ?? []) [objects, bytes] = [objects + 1, bytes + Size];
      token = page.NextContinuationToken;
    }
    return { objects, bytes };
  }

  async remove(owner: string, id: string): Promise<boolean> {
    // S3 answers a delete of nothing as it does one of something.
    if ((await this.find(owner, id)) === undefined) return false;
    await s3(() => this.client.send(new DeleteObjectCommand(this.at(owner, id))));
    return true;
  }

  async tidy(before: Date): Promise<number> {
    const { bucket: Bucket } = this.options;
    const { Uploads = [] } = await s3(() => this.client.send(new ListMultipartUploadsCommand({ Bucket })));
    const left = Uploads.filter(({ Initiated }) => Initiated !== undefined && Initiated < before);
    for (const { Key, UploadId } of left)
      await found(() => this.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
    return left.length;
  }

  private prefix(owner: string): string {
    return `${ownerName(owner)}/`;
  }

  private at(owner: string, id: string): { Bucket: string; Key: string } {
    return { Bucket: this.options.bucket, Key: this.prefix(owner) + id };
  }
}

/** @throws {Problem} StoreUnavailable */
async function s3<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw problemOf(error);
  }
}

/** As `s3`; undefined where there is no such object. */
async function found<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const name = error instanceof S3ServiceException ? error.name : '';
    // A missing bucket is not a missing object.
    if (['NotFound', 'NoSuchKey', 'NoSuchUpload'].includes(name)) return undefined;
    throw problemOf(error);
  }
}

function problemOf(error: unknown): unknown {
  return error instanceof Problem ? error : StoreUnavailable(undefined, { cause: error });
}
